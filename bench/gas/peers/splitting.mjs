import { concat, encodePacked, keccak256 } from 'viem'
import { relayer, strangerOf } from '../chain.mjs'
import { readArtifact } from '../code.mjs'

const unit = 10n ** 18n

/** OpenZeppelin's PaymentSplitter with ten payees: what one of them takes out. */
export async function measureSplitter(chain, { PlainToken }) {
  const token = await chain.deploy(PlainToken)
  const payees = Array.from({ length: 10 }, (_, place) => strangerOf(`payee ${place}`))
  const splitter = await chain.deploy(readArtifact('@openzeppelin/contracts/build/contracts/PaymentSplitter.json'), [
    payees,
    payees.map(() => 1n),
  ])
  const release = (place) => splitter.tx('release', [token.address, payees[place]], relayer)
  await token.write('mint', [splitter.address, 1_000n * unit])
  await chain.send(release(0))
  const first = await chain.measure(release(1))
  await token.write('mint', [splitter.address, 1_000n * unit])
  return { 'payee takes out, first': first, 'payee takes out, again': await chain.measure(release(1)) }
}

/** Uniswap's MerkleDistributor with 1,024 claimants. */
export async function measureDistributor(chain, { PlainToken }) {
  const token = await chain.deploy(PlainToken)
  const accounts = Array.from({ length: 1024 }, (_, place) => strangerOf(`claimant ${place}`))
  const leafOf = (account, place) =>
    keccak256(encodePacked(['uint256', 'address', 'uint256'], [BigInt(place), account, unit]))
  const levels = [accounts.map(leafOf)]
  while (levels.at(-1).length > 1) {
    const below = levels.at(-1)
    const parentOf = (left, right) => keccak256(concat(BigInt(left) < BigInt(right) ? [left, right] : [right, left]))
    levels.push(
      Array.from({ length: below.length / 2 }, (_, place) => parentOf(below[2 * place], below[2 * place + 1])),
    )
  }
  const distributor = await chain.deploy(readArtifact('@uniswap/merkle-distributor/build/MerkleDistributor.json'), [
    token.address,
    levels.at(-1)[0],
  ])
  await token.write('mint', [distributor.address, 1_024n * unit])
  const proofOf = (place) => levels.slice(0, -1).map((level, height) => level[(place >> height) ^ 1])
  const take = (place) => distributor.tx('claim', [BigInt(place), accounts[place], unit, proofOf(place)], relayer)
  const first = await chain.measure(take(1))
  await token.write('mint', [accounts[3], 1n])
  return { 'take a share, first': first, 'take a share, again': await chain.measure(take(3)) }
}
