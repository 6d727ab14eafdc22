/** A layer whose exceptions end the node, wherever in the node they would otherwise be caught. */

export interface Watch {
  /** A function of the layer is called. */
  called(name: string): void;
  /** It came back. */
  returned(): void;
  /** It threw; does not return. */
  failed(thrown: unknown): never;
}

/** The same layer, watched: its functions, and those of the objects that are its properties. */
export const guarded = <Layer extends object>(layer: Layer, watch: Watch): Layer => {
  const attempt = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      return watch.failed(error);
    }
  };
  // Not of the layer itself: a frozen one would allow no other values for its properties.
  return new Proxy({} as Layer, {
    has: (_, name) => Reflect.has(layer, name),
    get(_, name) {
      const value = attempt(() => Reflect.get(layer, name));
      if (typeof value === 'function') {
        return (...args: readonly unknown[]) => {
          watch.called(String(name));
          const answer = attempt(() => Reflect.apply(value, layer, args));
          watch.returned();
          return answer;
        };
      }
      return typeof value === 'object' && value !== null ? guarded(value, watch) : value;
    },
  });
};
