/** Node's own hashing, at the speed of the machine and without a copy; undefined in a browser. */
export const nativeCrypto = globalThis.process?.getBuiltinModule?.('node:crypto')
