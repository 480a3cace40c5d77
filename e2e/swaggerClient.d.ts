declare module 'swagger-client' {
  export type SwaggerResponse = {
    status: number
    body: unknown
    text: string
    data: unknown
    headers: Record<string, string>
  }
  export type SwaggerOperation = (
    parameters?: Record<string, unknown>,
    options?: { requestBody?: unknown; requestContentType?: string; responseContentType?: string },
  ) => Promise<SwaggerResponse>
  export type SwaggerClientInstance = { apis: { default: Record<string, SwaggerOperation> }; errors: unknown[] }
  const SwaggerClient: (options: { spec?: object; url?: string }) => Promise<SwaggerClientInstance>
  export default SwaggerClient
}
