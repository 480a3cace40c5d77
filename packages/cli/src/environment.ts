/** The environment that the CLI reads, all in one place. */
export type Environment = {
  /** Base URL of the node. */
  node: string
  /** Private key that signs, 0x and 64 hex digits. */
  key: string | undefined
}

export const readEnvironment = (): Environment => ({
  node: process.env.AGORAI_NODE ?? 'http://127.0.0.1:4670',
  key: process.env.AGORAI_KEY,
})
