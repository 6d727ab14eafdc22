import { linkSuite } from '#test/suites/link.ts';
import { quicPair } from './quic-pair.ts';

linkSuite('QUIC', () => quicPair());
