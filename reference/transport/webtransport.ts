/**
 * Links over WebTransport: the Transport contract over TLS 1.3 and HTTP/2, where UDP does not get through.
 *
 * It proves nobody: a listener has a certificate of its own making, known by its hash, which is part of its
 * address (`127.0.0.1:7001/HASH`) and of what it announces by mDNS, and a dialler has none. The pin says
 * that we reached the machine that was meant; who is there is proven by the Hello, whose signatures
 * cover the link's binding and with it the certificate. So `proven` is undefined, and `expected` is
 * for the session to compare.
 *
 * A certificate lasts 14 days at most. It is kept by `keeper` so that the address outlives a restart, and
 * renewed in time while the node runs: links live on, and the address changes. Peers that know it by mDNS
 * hear the new one; one that was named by hand must be named anew.
 *
 * What limit remains, beside that, of the library below (webtransport/library.ts):
 * - no back-pressure before `open`: a peer that sends more than `unreadBytesMax` until then is cut;
 * - a peer that vanishes without a packet is not noticed here: the session's Ping does it;
 * - HTTP/2 alone, so one lost packet holds up all that comes after it;
 * - a stranger may hold `inboundLinksMax + handshakesMax` connections for `dialTimeoutMs`.
 */
import type { Transport } from '#contracts/transport.ts';
import { makeCertificate, readCertificate } from './webtransport/certificate.ts';
import type { Certificate } from './webtransport/certificate.ts';
import { createLinkSet, createTransport } from './parts.ts';
import { createContext } from './webtransport/context.ts';
import { createDialler } from './webtransport/dial.ts';
import { listen } from './webtransport/listen.ts';
import type { Showcase } from './webtransport/listen.ts';
import { WEBTRANSPORT_SETTINGS } from './webtransport/settings.ts';
import type { WebTransportSettings } from './webtransport/settings.ts';

/** Where a certificate outlives the process. */
export interface CertificateKeeper {
  /** What was kept last, if anything. */
  read(): Promise<string | undefined>;
  /** A certificate and its private key. */
  write(pem: string): Promise<void>;
}

export interface WebTransportOptions {
  /** What is not named is as in WEBTRANSPORT_SETTINGS. */
  readonly settings?: Partial<WebTransportSettings>;
  /** Without one every start makes a new certificate, and so a new address. */
  readonly keeper?: CertificateKeeper;
  /** Milliseconds since 1970; Date.now unless told. */
  readonly now?: () => number;
  /** Told of a certificate that could not be kept. */
  readonly warned?: (error: unknown) => void;
}

interface Certificates extends Showcase {
  stop(): void;
}

/** The certificate of now, and from here on always a valid one. */
const createCertificates = async (
  options: WebTransportOptions,
  settings: WebTransportSettings,
  now: () => number,
): Promise<Certificates> => {
  const watchers = new Set<(certificate: Certificate) => void>();
  /** It ends soon; or it has not begun, because the clock was ahead when it was made and is right again. */
  const isDue = ({ validFrom, validUntil }: Certificate): boolean =>
    now() >= validUntil - settings.renewBeforeMs || now() < validFrom;
  const make = (): Certificate => {
    const made = makeCertificate(now(), settings.certificateMs);
    options.keeper?.write(made.pem).catch((error: unknown) => options.warned?.(error));
    return made;
  };

  const kept = readCertificate((await options.keeper?.read()) ?? '');
  let current = kept === undefined || isDue(kept) ? make() : kept;
  const check = (): void => {
    if (!isDue(current)) return;
    current = make();
    for (const changed of watchers) changed(current);
  };
  const timer = setInterval(check, settings.renewCheckMs);
  timer.unref();

  return {
    current: () => current,
    watch: (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
    stop: () => clearInterval(timer),
  };
};

/** A transport that listens with a certificate of its own; nothing is opened or made before it listens. */
export const createWebTransport = (options: WebTransportOptions = {}): Transport => {
  const settings: WebTransportSettings = { ...WEBTRANSPORT_SETTINGS, ...options.settings };
  const now = options.now ?? Date.now;
  const links = createLinkSet();
  let isClosed = false;
  let certificates: Promise<Certificates> | undefined;

  const context = createContext(settings, now, () => isClosed, links);
  return createTransport({
    links,
    dials: createDialler(context),
    listen: async (address, accepted) => {
      certificates ??= createCertificates(options, settings, now);
      return listen(context, await certificates, address, accepted);
    },
    closing: () => {
      isClosed = true;
    },
    released: () => void certificates?.then((held) => held.stop()),
  });
};
