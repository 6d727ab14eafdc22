/** `node page`: where a browser finds the live page of a running node. */
import { readControl, type Control } from '#reference/operations/client.ts';
import { show } from '../ask.ts';
import { notRunning } from '../home/home.ts';
import { common, type Subcommand } from '../subcommand.ts';

/** Behind the # the token goes to the page and to nobody else: a browser sends no fragment. */
export const pageOf = ({ address, token }: Control): string => `http://${address}/#${token}`;

export const page: Subcommand = {
  usage: '',
  summary: 'the address of the live page, for a browser on this machine',
  restMin: 0,
  restMax: 0,
  words: common,
  async run(home, spoken) {
    const control = await readControl(home.controlPath);
    if (!control) throw notRunning(home);
    return show('page', { ok: true, value: { page: pageOf(control) } }, spoken);
  },
};
