/**
 * What is measured. Labels come from bounded sets: templates of routes, names of methods, kinds of records; never an
 * address, an id or anything else that somebody sends.
 */
export type Metrics = {
  count(name: Counter, labels: Labels, by?: number): void
  time(name: Timer, labels: Labels, seconds: number): void
  /** A value that is read whenever the metrics are; undefined while nobody knows it. */
  gauge(name: Gauge, labels: Labels, read: () => number | undefined | Promise<number | undefined>): void
}

export type Labels = Readonly<Record<string, string>>

/** Every metric by its name: what it counts or measures, and its labels. */
export const counters = {
  agorai_http_requests_total: ['Requests answered.', 'route', 'method', 'status'],
  agorai_http_answered_bytes_total: ['Bytes of the bodies of answers, as their headers state them.', 'route'],
  agorai_journal_records_total: ['Records that are on the disk, by kind: deposits, deliveries, decisions.', 'kind'],
  agorai_errors_total: ['Failures that are this node’s own.', 'part'],
  agorai_settled_channels_total: ['Channels of which more was claimed on the chain.'],
} as const satisfies Record<string, readonly [help: string, ...labels: string[]]>

export const timers = {
  agorai_http_request_seconds: ['Time to the head of an answer.', 'route', 'method'],
  agorai_journal_append_seconds: ['Time until a record is on the disk.'],
  agorai_chain_call_seconds: ['Time of a call to the chain.', 'method'],
  agorai_storage_seconds: ['Time of an operation of the content store; of a read, until its end.', 'operation'],
} as const satisfies Record<string, readonly [help: string, ...labels: string[]]>

export const gauges = {
  agorai_http_under_way: ['Requests that are not answered yet.'],
  agorai_index_block: ['Highest block in the index.'],
  agorai_index_lag_blocks: ['Blocks of the chain that the index does not have yet.'],
  agorai_index_leader: ['1 where this process writes the index, 0 where it stands by.'],
  agorai_storage_free_bytes: ['Bytes that the content store still takes.'],
  agorai_settlement_oldest_seconds: ['For how long something has been owed that is not claimed yet.'],
  agorai_settlement_owing_channels: ['Channels that owe what is not claimed yet.'],
  agorai_settlement_stuck_channels: ['Those of which it cannot be claimed.'],
  agorai_ready: ['1 while the node is ready, part by part.', 'part'],
} as const satisfies Record<string, readonly [help: string, ...labels: string[]]>

export type Counter = keyof typeof counters
export type Timer = keyof typeof timers
export type Gauge = keyof typeof gauges

export const noMetrics: Metrics = { count() {}, time() {}, gauge() {} }
