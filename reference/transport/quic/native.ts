/**
 * The native QUIC layer: which package carries it here, how it is loaded, what it offers.
 *
 * `@chainsafe/libp2p-quic` hides its binding behind `exports`, so we ask for the platform package
 * itself, which npm installs as an optional dependency. It is quinn (QUIC version 1) with rustls
 * (TLS 1.3) and the libp2p certificate, so each side proves its Ed25519 key in the handshake. The
 * package ships no types; those below were read from its public source and tried on 2.1.1.
 *
 * What 2.1.1 does not do, and what `quic.ts` does about it: `handshakeTimeout` is ignored; errors
 * carry a text and no code; `write` resolves when the bytes are buffered, not when they arrived;
 * an abort throws away what was buffered (10 kB of 500 kB arrived).
 */
import { createRequire } from 'node:module';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { ByteStream } from '../stream-link.ts';

export interface NativeConnection {
  /** Only announced to the peer by its first byte. */
  outboundStream(): Promise<ByteStream>;
  inboundStream(): Promise<ByteStream>;
  /** `/ip4/127.0.0.1/udp/7001/quic-v1/p2p/12D3Koo...`; the last part is proven by the handshake. */
  remoteMultiaddr(): string;
  closed(): Promise<void>;
  abort(): void;
  stats(): { readonly frameRxConnectionClose: number };
}

export interface NativeServer {
  /** The next connection whose handshake is complete; rejects for one whose handshake failed. */
  inboundConnection(): Promise<NativeConnection>;
  port(): number;
  abort(): Promise<void>;
}

export interface NativeClient {
  outboundConnection(ip: string, port: number): Promise<NativeConnection>;
  abort(): void;
}

/** All fields are required by the binding, also those that it ignores. */
export interface NativeConfig {
  readonly privateKeyProto: Uint8Array;
  readonly handshakeTimeout: number;
  readonly shutdownTimeout: number;
  readonly maxIdleTimeout: number;
  readonly keepAliveInterval: number;
  readonly maxConcurrentStreamLimit: number;
  readonly maxStreamData: number;
  readonly maxConnectionData: number;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
}

declare const configured: unique symbol;
/** A NativeConfig as the binding keeps it. */
export interface QuinnConfig {
  readonly [configured]: true;
}

export interface Native {
  readonly QuinnConfig: new (config: NativeConfig) => QuinnConfig;
  readonly Server: new (config: QuinnConfig, ip: string, port: number) => NativeServer;
  readonly Client: new (config: QuinnConfig, family: 0 | 1) => NativeClient;
}

/** What decides which package is needed. */
export interface Platform {
  readonly os: string;
  readonly cpu: string;
  /** Only on Linux. */
  readonly libc: 'gnu' | 'musl' | undefined;
}

const PACKAGE_PREFIX = '@chainsafe/libp2p-quic-';
/** The platforms for which package.json names a package. */
const BUILDS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-x64-msvc',
];

/** glibc says its version in Node's report; musl does not appear there. Costs about 5 ms, once. */
const libcHere = (): 'gnu' | 'musl' => {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined ? 'musl' : 'gnu';
};

const platformHere = (): Platform => ({
  os: process.platform,
  cpu: process.arch,
  libc: process.platform === 'linux' ? libcHere() : undefined,
});

const buildOf = (platform: Platform): string => {
  const abi = platform.os === 'win32' ? 'msvc' : platform.libc;
  return [platform.os, platform.cpu, abi].filter((part) => part !== undefined).join('-');
};

const isNotFound = (error: unknown): boolean =>
  (error as { code?: unknown } | undefined)?.code === 'MODULE_NOT_FOUND';

/**
 * Loads the binding for this machine, or the one named. Throws the Fault `transport_unavailable`,
 * whose message names the package and what to do, where there is none or it does not load.
 */
export const loadNative = (
  platform: Platform = platformHere(),
  load: (name: string) => unknown = createRequire(import.meta.url),
): Native => {
  const build = buildOf(platform);
  const name = PACKAGE_PREFIX + build;
  if (!BUILDS.includes(build))
    throw new Fault(
      'transport_unavailable',
      `QUIC needs a native package, and there is none for ${build}; there is for ${BUILDS.join(', ')}. Run the kit on one of these, or use the simulator.`,
    );
  try {
    return load(name) as Native;
  } catch (error) {
    throw new Fault(
      'transport_unavailable',
      isNotFound(error)
        ? `QUIC needs the package ${name}, which is not installed: npm install --include=optional ${name}@2.1.1`
        : `QUIC needs the package ${name}, which is installed but does not load (${messageOf(error)}). On Linux it needs glibc 2.34 or later: use Debian 12, Ubuntu 22.04 or later.`,
      { cause: error },
    );
  }
};
