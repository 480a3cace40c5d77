/** Six colours, repeated; the numbers tell parts apart. */
export function seriesClass(index: number): string {
  return `series-${(index % 6) + 1}`
}
