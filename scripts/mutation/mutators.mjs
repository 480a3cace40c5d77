// Every small change that could be made to a source by mistake: from the compiler's own syntax tree, with types.

const otherOperators = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '%': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '**': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
  '&&': ['||'],
  '||': ['&&'],
}
const otherAssignments = {
  '+=': ['-=', '='],
  '-=': ['+=', '='],
  '|=': ['&=', '='],
  '&=': ['|='],
  '*=': ['='],
  '/=': ['*='],
  '>>=': ['<<='],
  '<<=': ['>>='],
}
const otherYul = {
  add: 'sub',
  sub: 'add',
  and: 'or',
  or: 'and',
  shl: 'shr',
  shr: 'shl',
  lt: 'gt',
  gt: 'lt',
  mul: 'add',
  div: 'mul',
  xor: 'and',
}

const isWhole = (type) => /^u?int/.test(type ?? '')

/**
 * All mutants of one source.
 *
 * @param source its bytes, which the places of the tree count
 * @param tree `ast` of the source, analysed
 * @returns `{ start, end, replacement, operator }`, places in bytes
 */
export function createMutants(source, tree) {
  const found = []
  const placeOf = (node) => {
    const [start, length] = node.src.split(':').map(Number)
    return { start, end: start + length }
  }
  const textOf = (node) => source.subarray(...Object.values(placeOf(node))).toString()
  const replace = (operator, { start, end }, replacement) => found.push({ start, end, replacement, operator })
  /** The place of a token between two nodes; comments may stand there too. */
  const tokenBetween = (left, right, token) => {
    const [from, to] = [placeOf(left).end, placeOf(right).start]
    const gap = source.subarray(from, to).toString()
    const bare = gap.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => '\0'.repeat(Buffer.byteLength(comment)))
    const at = Buffer.from(bare).indexOf(token)
    if (at === -1) throw new Error(`no ${token} in ${gap}`)
    return { start: from + at, end: from + at + token.length }
  }

  const visitors = {
    BinaryOperation({ leftExpression, rightExpression, operator, typeDescriptions }, node) {
      const token = tokenBetween(leftExpression, rightExpression, operator)
      for (const other of otherOperators[operator] ?? []) replace('operator', token, other)
      if (operator !== '/') return
      replace('operator', token, '*')
      if (!isWhole(typeDescriptions.typeString)) return
      const [left, right] = [textOf(leftExpression), textOf(rightExpression)]
      replace('rounding', placeOf(node), `((${left} + ${right} - 1) / ${right})`)
    },
    Assignment({ leftHandSide, rightHandSide, operator }) {
      const token = tokenBetween(leftHandSide, rightHandSide, operator)
      for (const other of otherAssignments[operator] ?? []) replace('assignment', token, other)
    },
    UnaryOperation({ operator, prefix, subExpression }, node) {
      const { start, end } = placeOf(node)
      const token = prefix ? { start, end: start + operator.length } : { start: end - operator.length, end }
      if (operator === '++') replace('step', token, '--')
      else if (operator === '--') replace('step', token, '++')
      else if (operator !== 'delete') replace('negation', { start, end }, textOf(subExpression))
    },
    Literal({ kind, value }, node) {
      if (kind === 'bool') replace('constant', placeOf(node), value === 'true' ? 'false' : 'true')
      // Longer ones are addresses and hashes; powers of ten are changed by what they multiply.
      if (kind !== 'number' || !/^(0x[0-9a-fA-F]+|[0-9_]+)$/.test(value) || value.length > 40) return
      const { start } = placeOf(node)
      replace('constant', { start, end: start + value.length }, String(BigInt(value.replaceAll('_', '')) + 1n))
    },
    IfStatement({ condition, falseBody, trueBody }) {
      replace('condition', placeOf(condition), 'true')
      replace('condition', placeOf(condition), 'false')
      if (falseBody === undefined || falseBody === null) return
      if (trueBody.nodeType === 'Block' && falseBody.nodeType === 'Block') replace('branch', placeOf(trueBody), '{}')
    },
    Conditional({ condition }) {
      replace('condition', placeOf(condition), 'true')
      replace('condition', placeOf(condition), 'false')
    },
    ExpressionStatement(_, node, parent) {
      // A single statement of an if is left out by its condition.
      if (parent?.nodeType !== 'IfStatement') replace('statement', placeOf(node), '{}')
    },
    EmitStatement(_, node) {
      replace('statement', withSemicolon(placeOf(node)), '{}')
    },
    Continue(_, node, parent) {
      if (parent?.nodeType !== 'IfStatement') replace('statement', withSemicolon(placeOf(node)), '{}')
    },
    Break(_, node, parent) {
      if (parent?.nodeType !== 'IfStatement') replace('statement', withSemicolon(placeOf(node)), '{}')
    },
    Return({ expression }) {
      const type = expression?.typeDescriptions?.typeString
      if (isWhole(type)) replace('result', placeOf(expression), '0')
      if (type === 'bool' && !['Literal', 'UnaryOperation', 'BinaryOperation'].includes(expression.nodeType)) {
        replace('result', placeOf(expression), `!(${textOf(expression)})`)
      }
    },
    FunctionCall({ arguments: given, kind, names }) {
      if (kind !== 'functionCall' || names.length > 0) return
      for (let place = 0; place + 1 < given.length; place++) {
        const [left, right] = [given[place], given[place + 1]]
        const [first, second] = [textOf(left), textOf(right)]
        if (!areAlike(left.typeDescriptions, right.typeDescriptions) || first === second) continue
        const between = source.subarray(placeOf(left).end, placeOf(right).start).toString()
        replace('arguments', { start: placeOf(left).start, end: placeOf(right).end }, `${second}${between}${first}`)
      }
    },
    ModifierInvocation(_, node) {
      replace('modifier', placeOf(node), '')
    },
    YulFunctionCall({ functionName }) {
      const other = otherYul[functionName.name]
      if (other !== undefined) replace('assembly', placeOf(functionName), other)
    },
    YulLiteral({ kind, value }, node) {
      if (kind === 'number') replace('assembly', placeOf(node), String(BigInt(value) + 1n))
    },
    YulExpressionStatement(_, node) {
      replace('assembly', placeOf(node), '')
    },
    YulAssignment(_, node) {
      replace('assembly', placeOf(node), '')
    },
  }

  const withSemicolon = ({ start, end }) => {
    const rest = source.subarray(end).toString()
    const semicolon = /^\s*;/.exec(rest)
    return { start, end: end + Buffer.byteLength(semicolon?.[0] ?? '') }
  }

  function visit(node, parent) {
    if (Array.isArray(node)) {
      for (const item of node) visit(item, parent)
      return
    }
    if (node === null || typeof node !== 'object') return
    if (leftOut.has(node.nodeType) || (node.nodeType === 'ContractDefinition' && node.contractKind === 'interface'))
      return
    // Parents of a constructor are named like modifiers.
    const isBase = node.nodeType === 'ModifierInvocation' && node.kind === 'baseConstructorSpecifier'
    if (node.nodeType !== undefined && !isBase) visitors[node.nodeType]?.(node, node, parent)
    for (const [key, value] of Object.entries(node)) {
      if (typeof value === 'object' && !notCode.has(key)) visit(value, node.nodeType === undefined ? parent : node)
    }
  }
  visit(tree, undefined)
  for (const mutant of found) {
    const { end, operator } = mutant
    if (operator === 'statement' && source.subarray(end, end + 1).toString() === ';') mutant.end++
  }
  return found
}

/** What holds no code that runs. */
const leftOut = new Set([
  'PragmaDirective',
  'ImportDirective',
  'UsingForDirective',
  'StructDefinition',
  'EnumDefinition',
  'ErrorDefinition',
  'EventDefinition',
  'UserDefinedValueTypeDefinition',
  'StructuredDocumentation',
  'ElementaryTypeName',
  'Mapping',
  'ArrayTypeName',
  'RevertStatement',
])
const notCode = new Set([
  'typeName',
  'typeDescriptions',
  'documentation',
  'externalReferences',
  'nativeSrc',
  'functionName',
])

const areAlike = (left, right) =>
  left?.typeString === right?.typeString || (isWhole(left?.typeString) && isWhole(right?.typeString))

/** The source with one mutant in it. */
export const applyMutant = (source, { start, end, replacement }) =>
  Buffer.concat([source.subarray(0, start), Buffer.from(replacement), source.subarray(end)])

/** The lines that a mutant changes, before and after, without what is around them: how people and files name it. */
export function describeMutant(source, { start, end, replacement }) {
  const lineStart = source.lastIndexOf('\n', start - 1) + 1
  const lineEnd = source.indexOf('\n', end)
  const tidy = (text) => text.replace(/\s+/g, ' ').trim()
  const [head, tail] = [source.subarray(lineStart, start).toString(), source.subarray(end, lineEnd).toString()]
  return {
    line: source.subarray(0, start).toString().split('\n').length,
    before: tidy(source.subarray(lineStart, lineEnd).toString()),
    after: tidy(`${head}${replacement}${tail}`),
  }
}
