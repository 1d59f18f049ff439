'use strict';

// What dropdowns choose from: a page of a list at a time, newest first.

const { call } = require('./requests');

const PAGE = 100;

const listTrigger = ({ path, labelled, ...operation }) => ({
  ...operation,
  canPaginate: true,
  perform: async (z, bundle) => {
    const cursor = bundle.meta && bundle.meta.page ? await z.cursor.get() : undefined;
    if (bundle.meta && bundle.meta.page && !cursor) {
      return [];
    }
    const page = await call(z, bundle, 'GET', path, { params: cursor ? { limit: PAGE, cursor } : { limit: PAGE } });
    await z.cursor.set(page.next_cursor || '');
    return page.items.map((item) => ({ id: item.id, name: labelled(item) }));
  },
});

module.exports = { listTrigger };
