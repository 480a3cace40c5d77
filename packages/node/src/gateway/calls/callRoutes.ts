import type { Route } from '../http/route.js'
import type { CallRoutesOptions } from './callOptions.js'
import { inferenceRoutes } from './oip/routes.js'
import { openAiRoutes } from './openai/routes.js'
import { quoteRoutes } from './quotes.js'

/** Every way to call a service, and to learn the price before. */
export const callRoutes = (options: CallRoutesOptions): Route[] => [
  ...openAiRoutes(options),
  ...inferenceRoutes(options),
  ...quoteRoutes(options),
]
