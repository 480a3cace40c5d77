import { AgoraiError } from '@agorai/core'
import type { InferenceSession, Tensor } from 'onnxruntime-node'

export type Ran = { results: InferenceSession.OnnxValueMapType; milliseconds: number }

/**
 * Runs a session once, in this thread: nothing else happens meanwhile, and what it takes is the model's alone.
 *
 * @throws AgoraiError `model_failed`
 */
export async function runSession(session: InferenceSession, feeds: Record<string, Tensor>): Promise<Ran> {
  let begun = 0
  // The run is queued as an immediate, too: this one comes right before it, so that waiting is not measured with it.
  setImmediate(() => {
    begun = performance.now()
  })
  try {
    const results = await session.run(feeds)
    return { results, milliseconds: performance.now() - begun }
  } catch (cause) {
    throw new AgoraiError('model_failed', 'ONNX Runtime refused the input, or failed at it.', { cause })
  }
}
