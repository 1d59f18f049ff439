'use strict';

// An action of the catalog as a create or a search.

const { withFiles } = require('./files');
const { inputOf } = require('./inputs');
const { call } = require('./requests');

const run = (z, bundle, action, fields) =>
  call(z, bundle, 'POST', `/v1/actions/${action}`, { body: inputOf(z, bundle, fields) });

const actionCreate = ({ action, ...operation }) => ({
  ...operation,
  perform: async (z, bundle) => withFiles(z, await run(z, bundle, action, operation.inputFields)),
});

const actionSearch = ({ action, finds, ...operation }) => ({
  ...operation,
  perform: async (z, bundle) => {
    const answer = await run(z, bundle, action, operation.inputFields);
    return answer.found ? [withFiles(z, answer[finds])] : [];
  },
});

module.exports = { actionCreate, actionSearch };
