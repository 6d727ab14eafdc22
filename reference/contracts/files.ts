/**
 * Files, as far as something needs them that must survive a power cut. The system's own and the simulated
 * ones fill this contract: what is written against it can be crashed at every step.
 *
 * An operation that fails rejects with an error whose `code` is the system's: ENOENT, EEXIST, ENOSPC, EIO.
 */
export interface Files {
  /**
   * All bytes of a file. Rejects what is no regular file, a symbolic link included, and what is longer
   * than `bytesMax`, before anything of it is read.
   */
  read(path: string, bytesMax: number): Promise<Uint8Array>;
  /** The names in a folder. */
  list(folder: string): Promise<readonly string[]>;
  /** A new file with these permission bits; EEXIST where the name is taken. */
  create(path: string, mode: number): Promise<NewFile>;
  /** In one step; takes the place of a file that has the name. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; EEXIST where it is taken. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Resolves when the names in a folder are as durable as they will ever be. */
  syncFolder(folder: string): Promise<void>;
}

/** A file while it is written. */
export interface NewFile {
  /** Gives how many bytes were taken: a full disk may take some of them. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Resolves when what was written would survive a power cut. After a failure nobody knows what is there. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
