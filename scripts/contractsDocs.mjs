// Writes docs/contracts.md from the NatSpec of the contracts' interfaces: every type, function, event and error, with units.
//   node scripts/contractsDocs.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventStates, inheritedEvents, unstoredViews } from './contracts-docs/eventStates.mjs'
import { unitOf } from './contracts-docs/units.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'docs/contracts.md')
const require = createRequire(import.meta.url)

/** In the order of the page. */
const sources = [
  'contracts/src/assets/IAssetRegistry.sol',
  'contracts/src/revenue/IRevenueLedger.sol',
  'contracts/src/market/IAccessMarket.sol',
  'contracts/src/payments/IOperatorReceiver.sol',
  'contracts/src/payments/IOperatorReceivers.sol',
  'contracts/src/content/IContentProofs.sol',
  'contracts/src/deployment/Deployer.sol',
]

/** Tags of a NatSpec comment: `{ notice, dev, params: Map, returns: [] }`, each one line of text. */
export function readNatSpec(text = '') {
  const found = { notice: '', dev: '', title: '', params: new Map(), returns: [] }
  const joined = text.replace(/\s*\n\s*/g, ' ').trim()
  for (const [, tag, said] of `@notice ${joined}`.replace(/^@notice @/, '@').matchAll(/@(\w+) (.*?)(?= @\w+ |$)/g)) {
    if (tag === 'param') {
      const [, name, words] = /^(\w+) ?(.*)$/.exec(said)
      found.params.set(name, words)
    } else if (tag === 'return') found.returns.push(said)
    else found[tag] = [found[tag], said].filter(Boolean).join(' ')
  }
  return found
}

/** What each source declares, in its order, with the sections that its comments make. */
export function readInterfaces(paths = sources) {
  const solc = require('solc')
  // The compiler's runtime installs handlers that swallow this program's own failures.
  process.removeAllListeners('uncaughtException')
  process.removeAllListeners('unhandledRejection')
  const texts = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(paths.map((path) => [path, { content: texts[path] }])),
    settings: { stopAfter: 'parsing', outputSelection: { '*': { '': ['ast'] } } },
  }
  const { sources: parsed } = JSON.parse(solc.compile(JSON.stringify(input)))
  return paths.map((path) => {
    const bytes = Buffer.from(texts[path])
    const textOf = ({ src }) => {
      const [start, length] = src.split(':').map(Number)
      return bytes.subarray(start, start + length).toString()
    }
    const { name, documentation, nodes } = parsed[path].ast.nodes.find((node) => node.nodeType === 'ContractDefinition')
    return { name, doc: readNatSpec(documentation?.text), members: nodes.flatMap((node) => readMember(node, textOf)) }
  })
}

const kinds = {
  FunctionDefinition: 'function',
  VariableDeclaration: 'function',
  EventDefinition: 'event',
  ErrorDefinition: 'error',
  StructDefinition: 'type',
  EnumDefinition: 'type',
}

function readMember(node, textOf) {
  const kind = kinds[node.nodeType]
  const isPublic = node.nodeType !== 'VariableDeclaration' || node.visibility === 'public'
  if (kind === undefined || !isPublic || node.kind === 'constructor') return []
  const declared = node.members ?? node.parameters?.parameters ?? []
  const given = node.returnParameters?.parameters ?? []
  const fieldOf = (field) => ({ name: field.name, type: field.typeName === undefined ? '' : textOf(field.typeName) })
  return [
    {
      kind,
      name: node.name,
      isEnum: node.nodeType === 'EnumDefinition',
      mutability: node.nodeType === 'VariableDeclaration' ? 'view' : (node.stateMutability ?? ''),
      fields: declared.map(fieldOf),
      returns:
        node.nodeType === 'VariableDeclaration' ? [{ name: '', type: textOf(node.typeName) }] : given.map(fieldOf),
      doc: readNatSpec(node.documentation?.text),
    },
  ]
}

const signatureOf = ({ name, fields, isEnum }) =>
  isEnum
    ? `${name} { ${fields.map((field) => field.name).join(', ')} }`
    : `${name}(${fields.map((field) => `${field.type} ${field.name}`.trim()).join(', ')})`

/** One line for each field that has a unit or a word said of it. */
function fieldLines(owner, fields, said) {
  return fields.flatMap((field, place) => {
    const words = [unitOf(owner, field), said(field, place)].filter(Boolean).map(endSentence)
    const type = field.type === '' ? '' : ` (${field.type})`
    return words.length === 0 ? [] : [`- \`${field.name || 'result'}\`${type}: ${words.join(' ')}`]
  })
}

const endSentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`)

function renderMember(member) {
  const { name, kind, doc, fields, returns, mutability, isEnum } = member
  const answer = returns.map(({ name: as, type }) => `${type} ${as}`.trim()).join(', ')
  const facts = [mutability === 'nonpayable' ? '' : mutability, answer && `returns (${answer})`].filter(Boolean)
  const returned = fieldLines(name, returns, (field, place) => sayReturn(doc.returns[place], field))
  return [
    `### ${name}`,
    `\`${signatureOf(member)}\`${facts.length > 0 ? ` ${facts.map((fact) => `\`${fact}\``).join(' ')}` : ''}`,
    [doc.notice, doc.dev].filter(Boolean).map(endSentence).join(' '),
    [
      ...(isEnum ? [] : fieldLines(name, fields, ({ name: field }) => doc.params.get(field))),
      ...(kind === 'function' ? returned : []),
    ].join('\n'),
  ].filter(Boolean)
}

/** `@return` may begin with the name of what is returned. */
const sayReturn = (said, { name }) => (said?.startsWith(`${name} `) ? said.slice(name.length + 1) : said)

const headings = { function: 'Functions', event: 'Events', error: 'Errors', type: 'Types' }

function renderInterface({ name, doc, members }) {
  const parts = Object.entries(headings).flatMap(([kind, heading]) => {
    const chosen = members.filter((member) => member.kind === kind)
    if (chosen.length === 0) return []
    const title = `## ${name}: ${heading.toLowerCase()}`
    return kind === 'error' ? [title, renderErrors(chosen)] : [title, ...chosen.flatMap(renderMember)]
  })
  return [`# ${name}`, [doc.notice, doc.dev].filter(Boolean).map(endSentence).join(' '), ...parts]
}

/** Their names say most of it, so a table. */
function renderErrors(errors) {
  const rows = errors.map((error) => {
    const units = error.fields.flatMap((field) => {
      const unit = unitOf(error.name, field)
      return unit === undefined ? [] : [`\`${field.name}\`: ${unit}`]
    })
    return `| \`${signatureOf(error)}\` | ${[error.doc.notice, units.join('; ')].filter(Boolean).join(' ')} |`
  })
  return ['| error | meaning |', '|---|---|', ...rows].join('\n')
}

function renderEvents(interfaces) {
  const rows = interfaces.flatMap(({ name, members }) =>
    members
      .filter(({ kind }) => kind === 'event')
      .concat(inheritedEvents[name] ?? [])
      .map((event) => {
        const { rule, views } = eventStates[event.name]
        return `| ${name.replace(/^I/, '')} | \`${event.name}\` | ${rule} | ${views.map((view) => `\`${view}\``).join(', ') || '–'} |`
      }),
  )
  const unstored = Object.entries(unstoredViews).map(([view, why]) => `- \`${view}\`: ${why}`)
  return [
    '# Events and the state they rebuild',
    'From these events, in their order, all that the contracts keep is rebuilt: `e2e/index/rebuildState.ts` does it and ' +
      '`e2e/index/eventCatalogue.test.ts` compares the result with every view after random histories. Sums are per ' +
      'version and token; `now` is the time of the event’s block.',
    ['| contract | event | what it says | views |', '|---|---|---|---|', ...rows].join('\n'),
    'No event says, because nothing is kept of it:',
    unstored.join('\n'),
  ]
}

const introduction = `The contracts of Agorai, from the NatSpec of their interfaces. \`node scripts/contractsDocs.mjs\` writes this page; a test
keeps it current. Amounts are base units of the payment token, declared shares are of 10,000, times are unix seconds, days
are unix seconds / 86,400. Ids of versions and assets are shared: an asset's id is the id of its first version.
Errors are named \`Contract_Reason\` and carry the offending values.`

/** The page `docs/contracts.md`. */
export function contractsMarkdown() {
  const interfaces = readInterfaces()
  const parts = ['# Contracts', introduction, ...interfaces.flatMap(renderInterface), ...renderEvents(interfaces)]
  return `${parts.join('\n\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = contractsMarkdown()
  if (!process.argv.includes('--check')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/contracts.md is not what the interfaces say. Run node scripts/contractsDocs.mjs.')
    process.exitCode = 1
  } else console.log('docs/contracts.md is current')
}
