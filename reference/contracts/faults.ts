/** Faults from outside: a disk, a socket, a file or a person did what no protocol can answer. */

/** Codes are stable: scripts may rely on them. */
export const FAULT_CODES = [
  'usage',
  'settings_invalid',
  'key_missing',
  'key_unreadable',
  'passphrase_wrong',
  'network_missing',
  'network_invalid',
  'network_other',
  'store_locked',
  'store_newer',
  'store_inconsistent',
  'store_failed',
  'snapshot_newer',
  'snapshot_other',
  'node_not_running',
  'node_unreachable',
  'port_in_use',
  'transport_unavailable',
  'deadline_exceeded',
] as const;
/** One of FAULT_CODES. */
export type FaultCode = (typeof FAULT_CODES)[number];

/** An error that a person can act upon: the message says what was expected, what came, what to do. */
export class Fault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
