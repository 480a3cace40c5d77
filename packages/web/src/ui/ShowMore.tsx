/** Asks for the next page of a list that comes in pages, for as long as there is one. */
export function ShowMore({ list }: { list: Pages }) {
  if (!list.hasNextPage) return null
  return (
    <p className="show-more">
      <button
        type="button"
        className="button"
        disabled={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        {list.isFetchingNextPage ? 'Asking for more…' : 'Show more'}
      </button>
    </p>
  )
}

type Pages = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage(): Promise<unknown> }
