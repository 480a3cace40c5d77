import { AgoraiError } from '@agorai/core'

export type BucketsOptions = {
  /** What flows in; 0 is no limit. */
  perSecond: number
  /** Most that is saved up. */
  burst: number
  /** Clock, in milliseconds. Default: that of this process, which never goes back. */
  nowMs?: () => number
}

/** Token buckets, one for each name. */
export type Buckets = {
  /**
   * Takes so much out of a bucket that is not empty, and may leave a debt in it.
   *
   * @throws AgoraiError `rate_limited` with the seconds until there is something in it again.
   */
  take(name: string, amount?: number): void
  /** Takes so much, and waits until the debt is paid: whoever is under way is slowed down, not sent away. */
  pace(name: string, amount: number): Promise<void>
}

/** Buckets of clients who asked long ago are full again, and are forgotten when there are so many. */
const bucketsMax = 10_000
const paceMsMax = 1_000

export function createBuckets({ perSecond, burst, nowMs = () => performance.now() }: BucketsOptions): Buckets {
  const buckets = new Map<string, { level: number; atMs: number }>()

  function fill(name: string): { level: number; atMs: number } {
    const atMs = nowMs()
    const { level, atMs: before } = buckets.get(name) ?? { level: burst, atMs }
    const bucket = { level: Math.min(burst, level + ((atMs - before) / 1000) * perSecond), atMs }
    // The oldest comes first, as each use moves a bucket to the end.
    buckets.delete(name)
    buckets.set(name, bucket)
    if (buckets.size > bucketsMax) forget()
    return bucket
  }

  function forget(): void {
    const fullMs = (burst / perSecond) * 1000
    for (const [name, { atMs }] of buckets) {
      if (buckets.size <= bucketsMax / 2 || nowMs() - atMs < fullMs) break
      buckets.delete(name)
    }
  }

  return {
    take(name, amount = 1) {
      if (perSecond === 0) return
      const bucket = fill(name)
      if (bucket.level <= 0) {
        const retryAfterSeconds = Math.max(1, Math.ceil(-bucket.level / perSecond))
        throw new AgoraiError('rate_limited', `There is more in ${retryAfterSeconds} s.`, {
          details: { retryAfterSeconds },
        })
      }
      bucket.level -= amount
    },
    async pace(name, amount) {
      if (perSecond === 0) return
      fill(name).level -= amount
      for (let owed = fill(name).level; owed < 0; owed = fill(name).level)
        await new Promise((resume) => setTimeout(resume, Math.min(paceMsMax, (-owed / perSecond) * 1000)))
    },
  }
}
