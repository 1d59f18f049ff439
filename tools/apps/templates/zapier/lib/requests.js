'use strict';

// Requests to the Ledgerwire of the connection: its address, its credentials, its errors, its slow answers.

const OPERATION_LOOKS_MAX = 15;
const LOOK_EVERY_MS = 1000;

const baseOf = (bundle) => {
  const given = (bundle.authData && bundle.authData.instance_url) || bundle.inputData.instance_url || '';
  return given.trim().replace(/\/+$/, '');
};

// The token goes to the connection's own server alone.
const sign = (request, z, bundle) => {
  const token = bundle.authData && bundle.authData.access_token;
  if (token && request.url.startsWith(`${baseOf(bundle)}/`) && !request.url.includes('/oauth/')) {
    request.headers.Authorization = `Bearer ${token}`;
  }
  request.headers.Accept = request.headers.Accept || 'application/json';
  return request;
};

const faultsOf = (problem) =>
  (problem.errors || []).map((fault) => (fault.path ? `${fault.path}: ${fault.message}` : fault.message));

const explained = (problem, status) =>
  faultsOf(problem).join('; ') ||
  problem.detail ||
  problem.error_description || // what /oauth/token says (RFC 6749 5.2)
  problem.title ||
  `Ledgerwire answered ${status}`;

const refuse = (response, z, bundle) => {
  if (response.status < 400) {
    return response;
  }
  let problem = {};
  if (!response.request.raw) {
    try {
      problem = JSON.parse(response.content) || {};
    } catch (error) {
      problem = {};
    }
  }
  if (response.status === 401) {
    if (bundle.authData && bundle.authData.refresh_token) {
      throw new z.errors.RefreshAuthError();
    }
    throw new z.errors.ExpiredAuthError('Ledgerwire does not know this access token any more: connect the account again.');
  }
  throw new z.errors.Error(explained(problem, response.status), problem.code || problem.error, response.status);
};

// A request that took longer than Ledgerwire lets callers wait is an operation: look at it until it is done.
const settled = async (z, bundle, response) => {
  if (response.status !== 202) {
    return response.data;
  }
  const url = new URL(response.getHeader('location'), baseOf(bundle)).toString();
  for (let look = 0; look < OPERATION_LOOKS_MAX; look += 1) {
    const operation = (await z.request({ url })).data;
    if (operation.state === 'succeeded') {
      return operation.result;
    }
    if (operation.state === 'failed') {
      const problem = operation.problem || {};
      throw new z.errors.Error(explained(problem, operation.status), problem.code, operation.status);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new z.errors.Error(`Ledgerwire is still at work; its result will be at ${url}. Do not repeat the step.`);
};

const call = async (z, bundle, method, path, options = {}) =>
  settled(z, bundle, await z.request({ method, url: `${baseOf(bundle)}${path}`, ...options }));

const me = (z, bundle) => call(z, bundle, 'GET', '/v1/me');

module.exports = { baseOf, call, me, refuse, sign };
