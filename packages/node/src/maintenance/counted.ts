/** `1 key`, `2 keys`: what there is of something, in words. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`
