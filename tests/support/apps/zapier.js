'use strict';

// Runs the Zapier app by Zapier's own core, as Zapier's servers do: an event a line in, its result a line out.

const readline = require('readline');

const app = process.argv[2];
const createLambdaHandler = require(`${app}/node_modules/zapier-platform-core/src/tools/create-lambda-handler`);
const handler = createLambdaHandler(app);
const lines = readline.createInterface({ input: process.stdin });

lines.on('line', async (line) => {
  const { id, event } = JSON.parse(line);
  let answer;
  try {
    answer = { results: (await handler(event)).results };
  } catch (error) {
    answer = { error: { name: error.name, message: error.message } };
  }
  process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
});
