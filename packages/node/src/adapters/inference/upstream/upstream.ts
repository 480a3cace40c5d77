/** A server of the OpenAI API, as its operator named it. */
export type Upstream = {
  /** Up to and with `/v1`. */
  baseUrl: string
  apiKey: string | undefined
  /** What the model is called there. */
  model: string
  /** Whether it tells the usage with every piece when it is asked, so that it is known when a caller goes away. */
  continuousUsage: boolean
  /** Most calls that it is asked at once; others wait for their turns here. */
  concurrency: number
}
