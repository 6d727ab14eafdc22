/**
 * Gossip as a class. Effects are collected while an input is handled; what waits is found by what it
 * waits for, so that an entry lets in what rested on it without a search.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { CreateGossip, Gossip, GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { Knowledge, TopicLog } from '#contracts/knowledge.ts';
import type { PullRequest, PullResponse, TopicMessage } from '#contracts/messages.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { asJson, createPace, few, nonce, type Pace } from './given.ts';
import { create as createLog } from './log.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A question that was asked, and the claim that led to it. */
interface Question {
  readonly nonce: string;
  readonly claim: Summary;
}

class GossipNode implements Gossip {
  readonly #options: GossipOptions;
  readonly #log: TopicLog;
  readonly #pace: Pace;
  readonly #room = new WaitingRoom();
  readonly #listeners = new Set<Did>();
  readonly #questions = new Map<Did, Question>();
  #effects: Effect[] = [];

  constructor(options: GossipOptions) {
    this.#options = options;
    this.#log = createLog(options.topic);
    this.#pace = createPace(options.settings, options.random);
  }

  get knowledge(): Knowledge {
    return this.#log;
  }

  waiting() {
    return { records: this.#room.size, missing: this.#room.wanted() };
  }

  restore(record: SignedRecord): void {
    if (!this.#log.add(record)) throw new Error(`${record.id} does not fit the store`);
  }

  start(): readonly Effect[] {
    this.#schedule('digest', this.#pace.next());
    return this.#done();
  }

  publish(_now: number, record: SignedRecord): readonly Effect[] {
    this.#take([asJson(record)], this.#options.self);
    return this.#done();
  }

  import(_now: number, claims: readonly Json[]): readonly Effect[] {
    this.#take(claims, this.#options.self);
    return this.#done();
  }

  joined(_now: number, peer: Did): readonly Effect[] {
    this.#listeners.add(peer);
    this.#tell(peer);
    return this.#done();
  }

  left(_now: number, peer: Did): readonly Effect[] {
    this.#listeners.delete(peer);
    this.#questions.delete(peer);
    return this.#done();
  }

  receive(_now: number, peer: Did, message: TopicMessage): readonly Effect[] {
    if (message.type === 'announce') {
      this.#take(message.records, peer);
      this.#ask(message.ids, peer);
    } else if (message.type === 'request') {
      this.#answer(message.ids, peer);
    } else if (message.type === 'response') {
      for (const id of message.missing) this.#giveUp(id);
      this.#take(message.records, peer);
    } else if (message.type === 'digest') {
      this.#compare(message, peer);
    } else if (message.type === 'pull-request') {
      this.#serve(message, peer);
    } else {
      this.#pulled(message, peer);
    }
    return this.#done();
  }

  elapsed(_now: number, timer: string): readonly Effect[] {
    const { random } = this.#options;
    if (timer === 'digest') {
      for (const peer of few(this.#listeners, random)) this.#tell(peer);
      this.#schedule('digest', this.#pace.next());
    }
    const [peer] = few(this.#listeners, random);
    if (peer !== undefined) this.#ask(this.#room.wanted(), peer);
    return this.#done();
  }

  // --- What is said -------------------------------------------------------------------------------

  #done(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #send(peer: Did, message: TopicMessage): void {
    this.#effects.push({ effect: 'send', peer, message });
  }

  #schedule(timer: string, delayMs: number): void {
    this.#effects.push({ effect: 'schedule', timer, delayMs });
  }

  #note(event: GossipEvent, peer: Did): void {
    this.#effects.push({ effect: 'log', event, peer });
  }

  #tell(peer: Did): void {
    const { reconciliation, random } = this.#options;
    const summary = reconciliation.summarise(this.#log);
    this.#send(peer, { type: 'digest', ...summary, nonce: nonce(random) });
  }

  #ask(ids: readonly RecordId[], peer: Did): void {
    const unknown = ids.filter((id) => !this.#log.has(id) && !this.#room.has(id));
    if (unknown.length === 0) return;
    this.#send(peer, { type: 'request', topic: this.#options.topic, ids: unknown });
    this.#schedule('ask', this.#options.settings.requestRetryMs);
  }

  // --- What comes in ------------------------------------------------------------------------------

  #take(claims: readonly Json[], from: Did): number {
    const wanted = new Set(this.#room.wanted());
    const fresh: SignedRecord[] = [];
    for (const claim of claims) {
      const record = this.#open(claim, from);
      if (!record) continue;
      const causes = this.#log.missing(record);
      if (causes.length > 0) this.#room.enter(record, causes);
      else this.#enter(record, fresh);
    }
    this.#room.shrink(this.#options.settings.waitingMax);
    this.#push(fresh, from);
    this.#ask(
      this.#room.wanted().filter((id) => !wanted.has(id)),
      from,
    );
    return fresh.length;
  }

  #open(claim: Json, from: Did): SignedRecord | undefined {
    const { records, topic, trust } = this.#options;
    const opened = records.open(claim);
    if (!opened.ok) this.#note(`record_${opened.status}`, from);
    else if (opened.value.topic !== topic) this.#note('record_topic_unknown', from);
    else if (!trust.mayPublish(topic, opened.value.author))
      this.#note('record_not_permitted', from);
    else if (this.#log.has(opened.value.id) || this.#room.has(opened.value.id)) {
      this.#note('record_duplicate', from);
    } else return opened.value;
    return undefined;
  }

  /** Lets a record in, and then whatever waited for it alone. */
  #enter(record: SignedRecord, fresh: SignedRecord[]): void {
    const ready = [record];
    for (let next = ready.shift(); next; next = ready.shift()) {
      const behind = this.#room.behind(next.id);
      this.#room.leave(next.id);
      if (this.#log.add(next)) {
        fresh.push(next);
        this.#effects.push({ effect: 'store', record: next }, { effect: 'deliver', record: next });
        ready.push(...behind.filter((each) => this.#log.missing(each).length === 0));
      }
    }
  }

  #push(fresh: readonly SignedRecord[], from: Did): void {
    if (fresh.length === 0) return;
    const { topic, random } = this.#options;
    const others = [...this.#listeners].filter((did) => did !== from);
    const message = { type: 'announce', topic, records: fresh.map(asJson), ids: [] } as const;
    for (const peer of few(others, random)) this.#send(peer, message);
    const delayMs = this.#pace.sooner();
    if (delayMs !== undefined) this.#schedule('digest', delayMs);
  }

  /** What rests on something that a peer lacks leaves, and what rests on that. */
  #giveUp(id: RecordId): void {
    for (const record of this.#room.behind(id)) {
      this.#room.leave(record.id);
      this.#giveUp(record.id);
    }
  }

  // --- What is answered ---------------------------------------------------------------------------

  #answer(ids: readonly RecordId[], peer: Did): void {
    const { topic, read } = this.#options;
    const missing = ids.filter((id) => !this.#log.has(id));
    const records = ids.flatMap((id) => (this.#log.has(id) ? (read(id) ?? []) : []));
    this.#send(peer, { type: 'response', topic, records: records.map(asJson), missing });
  }

  #compare(claim: Summary, peer: Did): void {
    const { reconciliation, topic } = this.#options;
    const { behind, ahead, offer } = reconciliation.compare(this.#log, claim);
    if (behind) this.#pull(claim, peer);
    if (ahead && !behind) this.#tell(peer);
    if (offer.length > 0) this.#send(peer, { type: 'announce', topic, records: [], ids: offer });
  }

  #pull(claim: Summary, peer: Did): void {
    const { reconciliation, settings, random } = this.#options;
    const wish = reconciliation.request(this.#log, claim);
    if (wish.ranges.length === 0) return;
    const question = { nonce: nonce(random), claim };
    this.#questions.set(peer, question);
    this.#send(peer, {
      type: 'pull-request',
      ...wish,
      maxBytes: settings.pullBytesMax,
      nonce: question.nonce,
    });
  }

  #serve(wish: PullRequest, peer: Did): void {
    const { reconciliation, read, topic } = this.#options;
    const served = reconciliation.serve(this.#log, wish, wish.maxBytes, read);
    this.#send(peer, { type: 'pull-response', topic, nonce: wish.nonce, done: true, ...served });
  }

  #pulled({ nonce: answered, records, done }: PullResponse, peer: Did): void {
    const question = this.#questions.get(peer);
    if (!question || question.nonce !== answered) {
      this.#note('response_unsolicited', peer);
      return;
    }
    const brought = this.#take(records, peer);
    if (!done) return;
    this.#questions.delete(peer);
    if (brought > 0) this.#pull(question.claim, peer);
  }
}

export const create: CreateGossip = (options) => new GossipNode(options);
