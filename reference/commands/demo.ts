export const demo = async (_: readonly string[]): Promise<number> => 1;
