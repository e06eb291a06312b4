import { l, m } from '../../columns.ts';
import { isTheCall } from '../../variables.ts';

export const NO_CALL = 'Choose a call: type its id above, or take one from the last table';
export const USD = 'currencyUSD';

export const OF_CALL = `FROM earshot.call_metrics m\nWHERE ${isTheCall(m)}`;
export const OF_TURNS = `FROM earshot.call_logs l\nWHERE ${isTheCall(l)}`;
