import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { AgoraiError, consentedRowsSchema, parseStrictJson, parseWith, signedApprovalSchema } from '@agorai/core'
import {
  approveApplication,
  assembleContributions,
  consentToContribute,
  getContributions,
  giveContribution,
  listContributions,
  revokeApplication,
} from '@agorai/sdk'
import type { Command } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  createGroup,
  parseAddress,
  parseDays,
  parseId,
  parsePercent,
} from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readInput } from '../offerOptions.js'
import { formatDate, formatTable, plain, shorten } from '../output/format.js'
import type { Output } from '../output/output.js'

const steps = `
How rows come into a dataset, and whose account signs:
  the owner        agorai contributions approve 1 --application 0x… --purpose "…" --json > approval.json
  a contributor    agorai contributions consent rows.jsonl --approval approval.json --label "Ann" --json > consent.json
  the application  agorai contributions give rows.jsonl --approval approval.json --consent consent.json
  the owner        agorai contributions assemble 1
A contributor takes everything back with \`agorai withdraw 1\`, and proves that a row is in a version with
\`agorai prove-row\`. The operator of the node sees the rows.`

export const contributionsCommand = (output: Output): Command =>
  createGroup('contributions', 'Rows that people give to a dataset, with their consent', [
    approveCommand(output),
    revokeCommand(output),
    consentCommand(output),
    giveCommand(output),
    countCommand(output),
    listCommand(output),
    assembleCommand(output),
  ]).addHelpText('after', steps)

type ApproveOptions = CommonOptions & { application: string; purpose: string; days: string }

const approveCommand = (output: Output): Command =>
  createCommand(
    'approve',
    'Let an application hand in rows to your dataset, for one purpose',
    'agorai contributions approve 1 --application 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --purpose "Training of models that read handwriting" --json > approval.json',
  )
    .argument('<asset>', 'id of your dataset')
    .requiredOption('--application <address>', 'account of the application')
    .requiredOption('--purpose <text>', 'what the rows are for, as contributors are shown it')
    .option('--days <number>', 'how long it may hand in rows', '365')
    .option(...accountOption)
    .action(async (asset: string, options: ApproveOptions) => {
      const client = await connect(options, readEnvironment())
      const approved = await approveApplication(client, {
        asset: parseId(asset, 'asset'),
        application: parseAddress(options.application, 'application'),
        purpose: options.purpose,
        validForSeconds: parseDays(options.days),
      })
      output.result(approved, [
        `Signed. It holds until ${formatDate(Number(approved.approval.expiry))}.`,
        'Give the application what `--json` prints.',
      ])
    })

type RevokeOptions = CommonOptions & { application: string }

const revokeCommand = (output: Output): Command =>
  createCommand(
    'revoke',
    'Take back every approval that an application has for your dataset',
    'agorai contributions revoke 1 --application 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --account dev:1',
  )
    .argument('<asset>', 'id of your dataset')
    .requiredOption('--application <address>', 'account of the application')
    .option(...accountOption)
    .action(async (asset: string, options: RevokeOptions) => {
      const client = await connect(options, readEnvironment())
      const receipt = await revokeApplication(client, {
        asset: parseId(asset, 'asset'),
        application: parseAddress(options.application, 'application'),
      })
      output.result(receipt, [
        'Revoked. It hands in nothing more at this node, unless you approve it anew.',
        `${receipt.kept.length} contributions that it handed in before stay.`,
      ])
    })

type ConsentOptions = CommonOptions & { approval: string; label: string; days: string }

const consentCommand = (output: Output): Command =>
  createCommand(
    'consent',
    'Consent that rows of yours go into a dataset',
    'agorai contributions consent rows.jsonl --approval approval.json --label "Ann" --account dev:3 --json > consent.json',
  )
    .argument('<file>', 'your rows, as JSON lines')
    .requiredOption('--approval <file>', "the owner's approval of the application")
    .requiredOption('--label <name>', 'public name under which you are credited; better not your own')
    .option('--days <number>', 'how long your rows may go into new versions', '365')
    .option(...accountOption)
    .action(async (file: string, options: ConsentOptions) => {
      const client = await connect(options, readEnvironment())
      const approval = await readApproval(options.approval)
      const consented = await consentToContribute(client, {
        approval,
        rows: rowsIn(file),
        label: options.label,
        validForSeconds: parseDays(options.days),
      })
      const { purpose, expiry, asset } = consented.consent
      output.result(consented, [
        `You consented that these rows go into dataset ${asset}, for: ${plain(purpose)}`,
        `It holds until ${formatDate(Number(expiry))}; \`agorai withdraw ${asset}\` takes it back.`,
        'Give the application what `--json` prints, with the rows.',
      ])
    })

type GiveOptions = CommonOptions & { approval: string; consent: string }

const giveCommand = (output: Output): Command =>
  createCommand(
    'give',
    "Hand in a contributor's rows, as the approved application",
    'agorai contributions give rows.jsonl --approval approval.json --consent consent.json --account dev:2',
  )
    .argument('<file>', 'the rows that were consented to, as JSON lines')
    .requiredOption('--approval <file>', "the owner's approval of the application")
    .requiredOption('--consent <file>', "the contributor's consent")
    .option(...accountOption)
    .action(async (file: string, options: GiveOptions) => {
      const client = await connect(options, readEnvironment())
      const given = await giveContribution(client, {
        approval: await readApproval(options.approval),
        consent: parseWith(consentedRowsSchema, parseStrictJson(await readInput(options.consent, 'consent'))),
        rows: rowsIn(file),
      })
      output.result(given, [`Accepted: ${given.rows} rows, contribution ${given.id}.`, `Ciphertext ${given.cid}`])
    })

const countCommand = (output: Output): Command =>
  createCommand('count', 'How many contributions a dataset has', 'agorai contributions count 1')
    .argument('<asset>', 'id of the dataset')
    .action(async (asset: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const counts = await getContributions(client, { asset: parseId(asset, 'asset') })
      output.result(counts, [
        `${counts.accepted} contributions of ${counts.contributors} contributors, ${counts.rows} rows; ${counts.withdrawals} withdrawals.`,
      ])
    })

const listCommand = (output: Output): Command =>
  createCommand(
    'list',
    'What was contributed to your dataset, and by whom',
    'agorai contributions list 1 --account dev:1',
  )
    .argument('<asset>', 'id of your dataset')
    .option(...accountOption)
    .action(async (asset: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const { contributions, withdrawals, revocations } = await listContributions(client, {
        asset: parseId(asset, 'asset'),
      })
      const shown = contributions.map(({ rows: _, sealedKey: __, ...contribution }) => contribution)
      output.result({ asset, contributions: shown, withdrawals, revocations }, [
        ...formatTable(
          shown.map(({ id, state, content, consent: { consent } }) => [
            shorten(id),
            plain(consent.label),
            shorten(consent.contributor),
            `${content.rows} rows`,
            state,
            `until ${formatDate(Number(consent.expiry))}`,
          ]),
        ),
        ...revocations.map(
          ({ application, recordedAt }) => `Revoked: ${shorten(application)}, ${formatDate(Number(recordedAt))}`,
        ),
        `${shown.length} contributions, ${withdrawals.length} withdrawals.`,
      ])
    })

type AssembleOptions = CommonOptions & { share?: string; own?: string }

const assembleCommand = (output: Output): Command =>
  createCommand(
    'assemble',
    'Publish the next version of your dataset from all contributions whose consent holds',
    'agorai contributions assemble 1 --share 60 --account dev:1',
  )
    .argument('<asset>', 'id of your dataset')
    .option('--share <percent>', "the contributors' share of sales (default: that of the current version)")
    .option('--own <file>', 'your own rows, as JSON lines (default: those of the current version)')
    .option(...accountOption)
    .action(async (asset: string, options: AssembleOptions) => {
      const client = await connect(options, readEnvironment())
      const assembled = await assembleContributions(client, {
        asset: parseId(asset, 'asset'),
        contributorBps: options.share === undefined ? undefined : parsePercent(options.share, 'share'),
        own: options.own === undefined ? undefined : rowsIn(options.own),
        onProgress: ({ phase }) => output.progress(`Assembling: ${phase}`),
      })
      output.result(assembled, [
        `Published version ${assembled.version} of dataset ${asset}.`,
        ...formatTable(
          assembled.contributors.map(({ label, account, rows }) => [
            `  ${plain(label)}`,
            shorten(account),
            `${rows} rows`,
          ]),
        ),
        ...assembled.leftOut.map(({ id, state }) => `  left out: ${shorten(id)}, ${state}`),
        `Manifest ${assembled.manifestDigest}`,
        `Transaction ${assembled.hash}`,
      ])
    })

const readApproval = async (path: string) =>
  parseWith(signedApprovalSchema, parseStrictJson(await readInput(path, 'approval')))

/** A file of JSON lines. */
const rowsIn = (file: string) => ({
  fileName: basename(file),
  async *stream(): AsyncGenerator<Uint8Array> {
    try {
      for await (const slice of createReadStream(file)) yield slice as Uint8Array
    } catch (cause) {
      if (cause instanceof AgoraiError || !(cause instanceof Error && 'code' in cause)) throw cause
      throw new AgoraiError('invalid_request', `${file} is not a file that can be read.`, { field: 'file', cause })
    }
  },
})
