import { stringToHex } from 'viem'
import { hashOf, publisher } from '../chain.mjs'
import { readJson } from '../code.mjs'

const name = 'singularitynet-platform-contracts'

/** The registry of SingularityNET: an organization, and services of it, each with the address of its metadata. */
export async function measureSingularity(chain) {
  const registry = await chain.deploy({
    abi: readJson(`${name}/abi/Registry.json`),
    bytecode: readJson(`${name}/bytecode/Registry.json`),
  })
  const [organization, uri] = [
    hashOf('organization'),
    stringToHex('ipfs://QmWATWQ7fVPP2EFGu71UkfnqhYXDYH566qy47CnJDgvs8u'),
  ]
  const create = registry.tx('createOrganization', [organization, uri, []], publisher)
  const register = (service) =>
    registry.tx('createServiceRegistration', [organization, hashOf(service), uri], publisher)
  return {
    'create an organization': await chain.measure(create),
    'register a service': await chain.measure(register('first')),
    'register another service': await chain.measure(register('second')),
  }
}
