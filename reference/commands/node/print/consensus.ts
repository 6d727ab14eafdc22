/** Printers of `node consensus`. */
import { counted, pairs, table, text, type Printer, type Row } from './text.ts';

const names = (value: unknown): string => (value as readonly string[]).join(', ');

const why = (row: Row): string => {
  const abstention = row['abstention'] as Row | null;
  return abstention ? `${text(abstention['why'])}: ${text(abstention['reason'])}` : '';
};

const hindranceLine = (hindrance: Row): string =>
  hindrance['missing'] === 0
    ? `REFUSED: certificate ${text(hindrance['number'])}: ${text(hindrance['reason'])}. Its stewards signed it; this node's own fold disagrees`
    : `certificate ${text(hindrance['number'])} ${text(hindrance['reason'])}`;

const status: Printer = (value) => {
  const { obstacle, hindrance, last, open, broken, undecidable, evidence, voted, ...facts } =
    value as Row;
  const proposals = (open as readonly Row[]).map((row) => [
    text(row['id']).slice(0, 16),
    text(row['kind']),
    text(row['by']),
    names(row['votes']) || 'nobody',
    text(row['gist']),
    why(row),
  ]);
  const proofs = (evidence as readonly Row[]).map((row) => [
    text(row['steward']),
    text(row['number']),
    text(row['kind']),
    (row['records'] as readonly string[]).map((id) => id.slice(0, 16)).join(' and '),
  ]);
  return [
    ...pairs({
      stewards: `${names(facts['stewards'])}; ${text(facts['quorum'])} decide (epoch ${text(facts['epoch'])})`,
      'this node': facts['isSteward'] === true ? 'has a vote' : 'has no vote',
      certified: facts['certified']!,
      accepted: facts['accepted']!,
      last:
        last === null
          ? 'none yet'
          : `${text((last as Row)['kind'])}: ${text((last as Row)['gist'])}`,
      next: `number ${text(facts['next'])}, ${text(facts['onTurn'])} proposes first`,
      'own vote': voted === null ? 'not given' : text(voted).slice(0, 16),
    }),
    ...(obstacle === null ? [] : [`nothing can be certified: ${text(obstacle)}`]),
    ...(hindrance === null ? [] : [hindranceLine(hindrance as Row)]),
    ...(broken === null
      ? []
      : [`BROKEN: certificate ${text((broken as Row)['number'])} exists twice; more stewards lie than a quorum allows for`]), // prettier-ignore
    ...(undecidable === true
      ? [
          `number ${text(facts['next'])} is undecidable: its votes are split, and no vote is taken back`,
        ]
      : []),
    ...(proposals.length > 0
      ? table(['proposal', 'kind', 'by', 'votes', 'what', 'why this node waits'], proposals)
      : ['no open proposal']),
    ...(proofs.length > 0
      ? [
          'said two things for one number:',
          ...table(['steward', 'number', 'kind', 'proof'], proofs),
        ]
      : []),
  ];
};

const proposed: Printer = (value) => {
  const { id, gist, voted, refused, peers } = value as Row;
  return [
    `proposed ${text(id).slice(0, 16)}: ${text(gist)}; told to ${counted(Number(peers), 'peer', 'peers')}`,
    ...(voted === true ? ['and voted for'] : []),
    ...(refused === null ? [] : [`not voted for: ${text(refused)}`]),
  ];
};

const verified: Printer = (value) => {
  const { certificates, stewards, quorum } = value as Row;
  const rows = (certificates as readonly Row[]).map((row) => [
    text(row['number']),
    text(row['kind']),
    text(row['votes']),
    text(row['id']),
  ]);
  return [
    ...(rows.length > 0 ? table(['number', 'kind', 'votes', 'certificate'], rows) : []),
    `${counted(rows.length, 'certificate', 'certificates')}: every signature, link and quorum; ${text(quorum)} of ${(stewards as readonly string[]).length} stewards decide now`,
    'whether the roots are those of the entries, "npm run node verify" says of a node that holds them',
  ];
};

export const consensusPrinters: { readonly [name: string]: Printer } = {
  'consensus status': status,
  'consensus propose': proposed,
  'consensus vote': (value) => [`voted for ${text((value as Row)['proposal']).slice(0, 16)}`],
  'consensus verify': verified,
  'consensus export': (value) => [
    `${counted(Number((value as Row)['certificates']), 'certificate', 'certificates')} to ${text((value as Row)['file'])}`,
  ],
};
