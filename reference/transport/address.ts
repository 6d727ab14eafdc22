/** `host:port` and back, with brackets around an IPv6 host: `[::1]:7001`. */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const PATTERN = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([^\s:/[\]]{1,253})):([0-9]{1,5})$/;

/** undefined where the text is no address. Port 0 is one: whether it may be used is the caller's matter. */
export const parseAddress = (text: string): HostPort | undefined => {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  return { host: match[1] ?? match[2] ?? '', port };
};

export const formatAddress = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** `/ip4/127.0.0.1/udp/7001/...` as `127.0.0.1:7001`; the text itself where it is something else. */
export const addressOfMultiaddr = (multiaddr: string): string => {
  const match = /^\/ip[46]\/([^/]+)\/udp\/([0-9]+)(?:\/|$)/.exec(multiaddr);
  if (match === null) return multiaddr;
  return formatAddress({ host: match[1] ?? '', port: Number(match[2]) });
};
