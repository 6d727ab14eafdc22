export const node = async (_: readonly string[]): Promise<number> => 1;
