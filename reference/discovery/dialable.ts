/**
 * Which claimed addresses are worth a dial: `10.0.0.7:7001`, `[fe80::1]:7001`, and with the hash of a
 * certificate after it `10.0.0.7:7001/HASH`.
 *
 * IP addresses only, in one plain spelling, and only those that name one host. A core asks no operating
 * system, so this is text: the shell and the native layer would refuse the rest later, and dearer.
 */

/** An octet without leading zeros: some readers take 0177 for octal. */
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const ADDRESS =
  /^(?:([0-9.]{7,15})|\[([0-9A-Fa-f:]{2,39})\]):([1-9][0-9]{0,4})(?:\/[A-Za-z0-9_-]{43})?$/;

/** 0.0.0.0/8 is "this host", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved and broadcast. */
const isHostV4 = (text: string): boolean => {
  const first = Number(text.split('.')[0]);
  return IPV4.test(text) && first > 0 && first < 224;
};

/** The eight numbers of an IPv6 address (RFC 4291 section 2.2, without dotted quads); undefined for other text. */
const groupsOf = (text: string): readonly number[] | undefined => {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [before = [], after = []] = halves;
  const missing = 8 - before.length - after.length;
  const isWhole = halves.length === 1 && missing === 0;
  const isShortened = halves.length === 2 && missing > 0;
  if (!isWhole && !isShortened) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return groups.every((group) => GROUP.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
};

/**
 * Neither multicast (ff00::/8) nor an address that begins with 80 zero bits, where the unspecified one and
 * all IPv4 addresses in disguise live; of those only loopback, ::1.
 */
const isHostV6 = (text: string): boolean => {
  const groups = groupsOf(text);
  if (groups === undefined) return false;
  const [first = 0] = groups;
  if (groups.slice(0, 5).some((group) => group !== 0)) return first < 0xff00;
  return groups.slice(5, 7).every((group) => group === 0) && groups[7] === 1;
};

/** Whether a link could be dialled there. */
export const isDialable = (address: string): boolean => {
  const match = ADDRESS.exec(address);
  if (match === null || Number(match[3]) > 65_535) return false;
  const [, v4, v6 = ''] = match;
  return v4 === undefined ? isHostV6(v6) : isHostV4(v4);
};
