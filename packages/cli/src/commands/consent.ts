import { revokeConsent, signConsent } from '@agorai/sdk'
import type { Command } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  createGroup,
  parseAddress,
  parseDays,
  parseId,
  parseWord,
} from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatDate } from '../output/format.js'
import type { Output } from '../output/output.js'

export const consentCommand = (output: Output): Command =>
  createGroup('consent', 'Let one publisher build from your version, or sell its work', [
    signCommand(output),
    revokeCommand(output),
  ])

type SignOptions = CommonOptions & { publisher: string; manifest: string; days: string }

const signCommand = (output: Output): Command =>
  createCommand(
    'sign',
    'Sign a consent; the publisher hands it in with `agorai publish --consent`',
    'agorai consent sign 1 --publisher 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --manifest 0x… --json > consent.json',
  )
    .argument('<version>', 'id of your version')
    .requiredOption('--publisher <address>', 'who may publish')
    .requiredOption('--manifest <digest>', 'digest of the manifest, as `agorai publish --prepare` prints it')
    .option('--days <number>', 'how long it holds', '30')
    .option(...accountOption)
    .action(async (version: string, options: SignOptions) => {
      const client = await connect(options, readEnvironment())
      const consent = await signConsent(client, {
        version: parseId(version, 'version'),
        publisher: parseAddress(options.publisher, 'publisher'),
        manifestDigest: parseWord(options.manifest, 'manifest'),
        validForSeconds: parseDays(options.days),
      })
      output.result(consent, [
        `Signed. It holds once, until ${formatDate(Number(consent.expiry))}.`,
        `Nonce ${consent.nonce}`,
        'Give the publisher what `--json` prints.',
      ])
    })

const revokeCommand = (output: Output): Command =>
  createCommand('revoke', 'Make a consent that you signed worthless', 'agorai consent revoke 1 0x… --account dev:1')
    .argument('<version>', 'id of your version')
    .argument('<nonce>', 'of the consent')
    .option(...accountOption)
    .action(async (version: string, nonce: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const revoked = await revokeConsent(client, {
        version: parseId(version, 'version'),
        nonce: parseWord(nonce, 'nonce'),
      })
      output.result(revoked, ['Nobody can use it from now on.', `Transaction ${revoked.hash}`])
    })
