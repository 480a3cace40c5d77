// A figure that misses its goal is an exception only for what the EVM itself charges for the slots it writes.

/**
 * What is wrong with the figures, given the exceptions to them. An exception's slots and lower bound are worked out again
 * from the transaction that was measured; a figure below its own lower bound shows that the bound is wrong.
 */
export function findFailures(figures, exceptions) {
  const byId = new Map(figures.map((figure) => [figure.id, figure]))
  const excepted = new Set(exceptions.map(({ figure }) => figure))
  const unmet = figures
    .filter(({ id, met }) => !met && !excepted.has(id))
    .map(
      ({ id, value, goal, cost }) =>
        `${id}: ${value} is above its goal of ${goal} (it writes ${cost.slotsNew} new slots and ${cost.slotsUpdated} in use; ` +
        `lower bound ${cost.floor})`,
    )
  return [...unmet, ...exceptions.flatMap((exception) => checkException(exception, byId.get(exception.figure)))]
}

function checkException({ figure: id, slotsNew, slotsUpdated, lowerBound, why }, figure) {
  if (figure === undefined) return [`${id}: an exception to no figure`]
  const { value, cost, met } = figure
  return [
    ...(met ? [`${id}: the goal is met, so it needs no exception`] : []),
    ...(typeof why === 'string' && why.length > 0 ? [] : [`${id}: an exception without a reason`]),
    ...(cost.slotsNew === slotsNew && cost.slotsUpdated === slotsUpdated
      ? []
      : [
          `${id}: it writes ${cost.slotsNew} new slots and ${cost.slotsUpdated} in use, not ${slotsNew} and ${slotsUpdated}`,
        ]),
    ...(cost.floor === lowerBound ? [] : [`${id}: its lower bound is ${cost.floor}, not ${lowerBound}`]),
    ...(value < lowerBound ? [`${id}: ${value} is below its own lower bound of ${lowerBound}`] : []),
  ]
}
