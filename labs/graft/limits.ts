/** What the process of a grafted node may use. */

/** Of its heap. */
export const HEAP_MB_MAX = 256;
/** Of everything, buffers outside the heap included. */
export const RESIDENT_MB_MAX = 768;
/** How often its thread shows that it comes back from its calls. */
export const BEAT_MS = 100;
/** Beats in a row that may be missed: counted, because a process that is stopped misses none. */
export const MISSED_MAX = 20;
