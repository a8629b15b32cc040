export const projectDir: string;
export function continueInNode24(script: string, args: string[]): never;
