/** The engine's own version; equal to package.json's (version.test.ts). */
export const engineVersion = '0.1.0';

/** Newest and oldest API that this engine speaks, as Docker 28.5. */
export const apiVersion = '1.51';
export const minApiVersion = '1.24';
