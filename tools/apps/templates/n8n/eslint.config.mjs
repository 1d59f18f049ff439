import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import parser from '@typescript-eslint/parser';
import nodesBase from 'eslint-plugin-n8n-nodes-base';

const plugins = { 'n8n-nodes-base': nodesBase };
const languageOptions = { parser, parserOptions: { sourceType: 'module', extraFileExtensions: ['.json'] } };

// Rules of the older linter that contradict the newer one, or are for n8n's own repository.
const off = Object.fromEntries(
  [
    'community-package-json-license-not-default', // Ledgerwire's licence is Apache-2.0
    'cred-class-field-documentation-url-miscased', // a path of n8n's own documentation
    'node-class-description-inputs-wrong-regular-node', // the newer linter wants NodeConnectionTypes
    'node-class-description-outputs-wrong',
  ].map((rule) => [`n8n-nodes-base/${rule}`, 'off']),
);

export default [
  { ignores: ['dist/**', 'node_modules/**', 'package-lock.json', 'copy-icons.mjs'] },
  n8nCommunityNodesPlugin.configs.recommended,
  { files: ['**/*.ts'], languageOptions },
  { files: ['package.json'], plugins, languageOptions, rules: nodesBase.configs.community.rules },
  { files: ['credentials/**/*.ts'], plugins, rules: nodesBase.configs.credentials.rules },
  { files: ['nodes/**/*.ts'], plugins, rules: nodesBase.configs.nodes.rules },
  { files: ['**/*.ts', 'package.json'], plugins, rules: off },
];
