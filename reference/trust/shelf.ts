/** A map with a bound: what was put there longest ago leaves first. */
export interface Shelf<Key, Value> {
  get(key: Key): Value | undefined;
  /** Puts it last in the row of those who leave. */
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  readonly size: number;
}

export const createShelf = <Key, Value>(sizeMax: number): Shelf<Key, Value> => {
  const items = new Map<Key, Value>();
  return {
    get: (key) => items.get(key),
    set(key, value) {
      items.delete(key);
      if (items.size >= sizeMax) {
        for (const oldest of items.keys()) {
          items.delete(oldest);
          break;
        }
      }
      items.set(key, value);
    },
    delete: (key) => void items.delete(key),
    get size() {
      return items.size;
    },
  };
};
