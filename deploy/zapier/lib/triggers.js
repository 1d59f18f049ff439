'use strict';

// A trigger of the catalog as a REST hook: its own hook at Ledgerwire while the Zap is on.

const { withFiles } = require('./files');
const { call } = require('./requests');

const FILTER = 'filter__';

const filtersOf = (bundle) => {
  const filters = {};
  for (const [key, value] of Object.entries(bundle.inputData || {})) {
    const values = [].concat(value).filter((one) => one !== undefined && one !== null && one !== '');
    if (key.startsWith(FILTER) && values.length > 0) {
      filters[key.slice(FILTER.length).replace(/__/g, '.')] = values;
    }
  }
  return filters;
};

const shown = (z, event) => ({ ...event, data: withFiles(z, event.data) });

const hookTrigger = ({ type, ...operation }) => ({
  ...operation,
  type: 'hook',
  performSubscribe: (z, bundle) =>
    call(z, bundle, 'POST', '/v1/hooks', {
      body: { target_url: bundle.targetUrl, triggers: [type], filters: filtersOf(bundle) },
    }),
  performUnsubscribe: (z, bundle) => call(z, bundle, 'DELETE', `/v1/hooks/${bundle.subscribeData.id}`),
  perform: (z, bundle) => [shown(z, bundle.cleanedRequest)],
  performList: async (z, bundle) => {
    const events = await call(z, bundle, 'GET', `/v1/triggers/${type}/samples`, { params: { limit: 3 } });
    return events.map((event) => shown(z, event));
  },
});

module.exports = { hookTrigger };
