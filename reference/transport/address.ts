/**
 * `host:port` and back, with brackets around an IPv6 host: `[::1]:7001`. Where the transport knows a peer
 * by its certificate, the hash of that is part of the address: `127.0.0.1:7001/HASH`.
 */

export interface HostPort {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of a certificate (DER), base64url without padding: 43 letters. */
  readonly certificate?: string;
}

const PATTERN =
  /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([^\s:/[\]]{1,253})):([0-9]{1,5})(?:\/([A-Za-z0-9_-]{43}))?$/;

/** undefined where the text is no address. Port 0 is one: whether it may be used is the caller's matter. */
export const parseAddress = (text: string): HostPort | undefined => {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const [, bracketed, plain = '', , certificate] = match;
  const host = bracketed ?? plain;
  return certificate === undefined ? { host, port } : { host, port, certificate };
};

export const formatAddress = ({ host, port, certificate }: HostPort): string => {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return certificate === undefined ? place : `${place}/${certificate}`;
};

/** `/ip4/127.0.0.1/udp/7001/...` as `127.0.0.1:7001`; the text itself where it is something else. */
export const addressOfMultiaddr = (multiaddr: string): string => {
  const match = /^\/ip[46]\/([^/]+)\/udp\/([0-9]+)(?:\/|$)/.exec(multiaddr);
  if (match === null) return multiaddr;
  return formatAddress({ host: match[1] ?? '', port: Number(match[2]) });
};
