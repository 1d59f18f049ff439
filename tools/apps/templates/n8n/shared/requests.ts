import { NodeApiError, sleep } from 'n8n-workflow';
import type {
  IDataObject,
  IExecuteFunctions,
  IHookFunctions,
  IHttpRequestMethods,
  IHttpRequestOptions,
  ILoadOptionsFunctions,
  IWebhookFunctions,
  JsonObject,
} from 'n8n-workflow';

// Requests to the Ledgerwire of the node's credentials: its address, its errors, its slow answers.

type Functions = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | IWebhookFunctions;

interface Answer {
  statusCode: number;
  headers: IDataObject;
  body: unknown;
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  errors?: Array<{ path: string; message: string }>;
}

const OPERATION_LOOKS_MAX = 30;
const LOOK_EVERY_MS = 1000;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;

export async function credentialsOf(node: Functions): Promise<{ type: string; base: string }> {
  const type = node.getNodeParameter('authentication', 0) === 'oAuth2' ? 'ledgerwireOAuth2Api' : 'ledgerwireApi';
  const { baseUrl } = await node.getCredentials(type);
  return { type, base: String(baseUrl).replace(/\/+$/, '') };
}

async function send(node: Functions, options: Omit<IHttpRequestOptions, 'url'> & { path: string }): Promise<Answer> {
  const { type, base } = await credentialsOf(node);
  const { path, ...rest } = options;
  const request: IHttpRequestOptions = {
    json: true,
    ...rest,
    url: path.startsWith('http') ? path : base + path,
    returnFullResponse: true,
    // n8n refreshes an ended access token only when its 401 is an error.
    ignoreHttpStatusErrors: type === 'ledgerwireOAuth2Api' ? { ignore: true, except: [UNAUTHORIZED] } : true,
  };
  return (await node.helpers.httpRequestWithAuthentication.call(node, type, request)) as Answer;
}

function readable(problem: Problem, status: number): { message: string; description?: string } {
  const faults = (problem.errors ?? []).map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const said = problem.detail ?? problem.title ?? `Ledgerwire answered ${status}`;
  return faults.length > 0 ? { message: faults.join('; '), description: said } : { message: said };
}

function problemIn(body: unknown): Problem {
  if (Buffer.isBuffer(body) || body instanceof ArrayBuffer) {
    return JSON.parse(Buffer.from(body as ArrayBuffer).toString('utf8')) as Problem;
  }
  return typeof body === 'object' && body !== null ? (body as Problem) : {};
}

function refusal(node: Functions, body: unknown, status: number): NodeApiError {
  let problem: Problem = {};
  try {
    problem = problemIn(body);
  } catch (error) {
    problem = { detail: `Ledgerwire answered ${status} (${(error as Error).message})` };
  }
  return new NodeApiError(node.getNode(), problem as JsonObject, {
    ...readable(problem, status),
    httpCode: String(status),
  });
}

// A request that took longer than Ledgerwire lets callers wait is an operation: look at it until it is done.
async function settled(node: Functions, answer: Answer): Promise<unknown> {
  if (answer.statusCode !== 202) {
    return answer.body;
  }
  const path = String(answer.headers.location);
  for (let look = 0; look < OPERATION_LOOKS_MAX; look += 1) {
    const operation = (await send(node, { method: 'GET', path })).body as IDataObject;
    if (operation.state === 'succeeded') {
      return operation.result;
    }
    if (operation.state === 'failed') {
      throw refusal(node, operation.problem, Number(operation.status));
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new NodeApiError(node.getNode(), {}, {
    message: `Ledgerwire is still at work; its result will be at ${path}. Do not repeat the step.`,
  });
}

export async function call<T = IDataObject>(
  node: Functions,
  method: IHttpRequestMethods,
  path: string,
  more: { body?: IDataObject; qs?: IDataObject; headers?: IDataObject } = {},
): Promise<T> {
  const answer = await send(node, { method, path, ...more });
  if (answer.statusCode >= 400) {
    throw refusal(node, answer.body, answer.statusCode);
  }
  return (await settled(node, answer)) as T;
}

// What is not there is undefined.
export async function find<T = IDataObject>(node: Functions, path: string): Promise<T | undefined> {
  const answer = await send(node, { method: 'GET', path });
  if (answer.statusCode === NOT_FOUND) {
    return undefined;
  }
  if (answer.statusCode >= 400) {
    throw refusal(node, answer.body, answer.statusCode);
  }
  return answer.body as T;
}

export async function download(node: Functions, path: string): Promise<Buffer> {
  const answer = await send(node, { method: 'GET', path, json: false, encoding: 'arraybuffer' });
  if (answer.statusCode >= 400) {
    throw refusal(node, answer.body, answer.statusCode);
  }
  return Buffer.from(answer.body as ArrayBuffer);
}
