/** `verify` finds what it says it looks for: ids, signatures, verdicts, standing and balances. */
import { describe, expect, it } from 'vitest';
import type { Gossip } from '#contracts/gossip.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createLog } from '#reference/gossip/topic-log.ts';
import { createCouncilDesk } from '#reference/node/council/council.ts';
import { createQuestions } from '#reference/node/operator/questions.ts';
import { create as createLedger } from '#reference/ledger/ledger.ts';
import { create as createReconciliation } from '#reference/reconciliation/plain.ts';
import { create as createSwarm } from '#reference/swarm/swarm.ts';
import { HOURS, NETWORK, content, records, signerOf } from '#test/support/village.ts';

const [ann, ben] = [signerOf('ann'), signerOf('ben')];

const payment = records.sign(
  {
    kind: 'icn/entry/1',
    network: NETWORK,
    topic: HOURS,
    author: ann.did,
    sequence: 1,
    previous: null,
    parents: [],
    timestamp: 1,
    body: {
      accounts: [
        { account: ben.did, debit: '5' },
        { account: ann.did, credit: '5' },
      ],
    },
  },
  ann,
);

const grant = { account: ann.did, currency: 'hours', baseline: 10, cap: 10, untilSequence: 9 };
const genesis: Genesis = {
  kind: 'icn/genesis/1',
  name: 'questions',
  stewards: [],
  quorum: 1,
  currencies: [{ name: 'hours', decimals: 0 }],
  grants: [grant],
  trust: [],
  names: {},
};
const freshLedger = (): Ledger => createLedger({ genesis });

/** What `verify` says where the store holds `onDisk` and the ledger answers as `tampered` makes it. */
const verifying = (
  onDisk: SignedRecord,
  tampered: (ledger: Ledger) => Ledger = (ledger) => ledger,
): readonly string[] => {
  const log = createLog(HOURS);
  log.add(payment);
  const ledger = freshLedger();
  ledger.add(payment);
  const gossip = { knowledge: log } as unknown as Gossip;
  const questions = createQuestions({
    content,
    records,
    gossips: new Map([[HOURS, gossip]]),
    policyOf: () => undefined,
    ledger: tampered(ledger),
    reconciliation: createReconciliation({ content }),
    freshLedger,
    desk: { accepted: [] },
    freshDesk: (ledger) =>
      createCouncilDesk({ self: ann.did, genesis, ledger, swarm: createSwarm() }),
    read: () => payment,
    stored: () => onDisk,
  });
  const run = questions.verify();
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
};

describe('verify', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(verifying(payment)).toEqual([]);
  });

  it('reads the store and not the memory: a changed body is another id', () => {
    const problems = verifying({ ...payment, timestamp: 2 });
    expect(problems[0]).toContain(`${payment.id}: id_mismatch`);
    expect(problems.join()).toContain(`${ben.did}: 5 held, 0 recomputed`);
  });

  it('finds a changed signature', () => {
    const { signature } = records.sign({ ...payment, timestamp: 2 }, ann);
    expect(verifying({ ...payment, signature })[0]).toContain('signature_invalid');
  });

  it('finds a verdict, a standing and a balance that do not follow from the records', () => {
    const refused = { status: 'over_limit', reason: '' } as const;
    expect(verifying(payment, (ledger) => ({ ...ledger, verdict: () => refused }))).toEqual([
      `${payment.id}: over_limit, stands, provisional held, accepted, stands, provisional recomputed`,
    ]);
    expect(verifying(payment, (ledger) => ({ ...ledger, standing: () => 'fork' }))).toEqual([
      `${payment.id}: accepted, fork, provisional held, accepted, stands, provisional recomputed`,
    ]);
    const minted = new Map([[ben.did, 6n]]);
    expect(
      verifying(payment, (ledger) => ({
        ...ledger,
        balances: () => minted,
        balance: (topic, account) => minted.get(account) ?? ledger.balance(topic, account),
      })),
    ).toEqual([`${HOURS} ${ben.did}: 6 held, 5 recomputed`]);
  });
});
