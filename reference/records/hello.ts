/**
 * What a Hello signature covers: who speaks to whom, in which network and protocol, with both
 * nonces, on which link. So it fits one meeting: not another peer, not another day, not another link,
 * and not the other direction of the same link.
 */
import type { Content } from '#contracts/content.ts';
import type { HelloFacts, HelloTranscript } from '#contracts/records.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** Signed with the facts, so that no Hello is ever taken for a record or the other way round. */
const PURPOSE = 'icn/v1/hello';

interface Direction {
  readonly signer: HelloFacts;
  readonly peer: HelloFacts;
}

/** The bytes that `signer` signs for `peer`, or why the two cannot meet. */
export const helloMessage = (
  content: Content,
  { signer, peer }: Direction,
  binding: HelloTranscript['binding'],
): Outcome<Uint8Array, 'hello_refused'> => {
  const misfit = refuseMeeting({ signer, peer });
  if (misfit !== undefined) return refused('hello_refused', misfit);
  const text = content.canonicalize({
    purpose: PURPOSE,
    signer: signer.did,
    peer: peer.did,
    network: signer.network,
    protocol: signer.protocol,
    signerNonce: signer.nonce,
    peerNonce: peer.nonce,
    binding,
  });
  return text.ok
    ? accepted(new TextEncoder().encode(text.value))
    : refused('hello_refused', text.reason);
};

const refuseMeeting = ({ signer, peer }: Direction): string | undefined => {
  if (signer.did === peer.did) return 'expected another peer, came our own DID';
  if (signer.nonce === peer.nonce) return 'expected two nonces, came one twice';
  if (signer.network !== peer.network) {
    return `expected one network, came ${signer.network} and ${peer.network}`;
  }
  if (signer.protocol !== peer.protocol) {
    return `expected one protocol, came ${signer.protocol} and ${peer.protocol}`;
  }
  return undefined;
};
