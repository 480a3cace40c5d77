import { homedir } from 'node:os'
import { join } from 'node:path'

/** The environment that the CLI reads, all in one place. */
export type Environment = {
  /** Base URL of the node. */
  node: string
  /** Private key that signs, 0x and 64 hex digits. */
  key: string | undefined
  /** Where what has begun is remembered, for this user only. */
  stateFolder: string
  /** Where it is kept what may be spent and what was, channels and sessions; for this user only. */
  configFolder: string
  /** JSON-RPC of a chain whose history is read. */
  rpcUrl: string | undefined
  /** Trustless gateway that IPFS is read through. */
  ipfsGateway: string | undefined
  /** As the AWS tools name them; what is missing here they look for in their own files. */
  s3: {
    endpoint: string | undefined
    region: string | undefined
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined } | undefined
  }
}

export function readEnvironment(): Environment {
  const { env } = process
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  return {
    node: env.AGORAI_NODE ?? 'http://127.0.0.1:4670',
    key: env.AGORAI_KEY,
    stateFolder: join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'agorai'),
    configFolder: join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'agorai'),
    rpcUrl: env.AGORAI_RPC_URL,
    ipfsGateway: env.AGORAI_IPFS_GATEWAY,
    s3: {
      endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
      region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
      credentials:
        accessKeyId === undefined || secretAccessKey === undefined
          ? undefined
          : { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN },
    },
  }
}
