// The route by which the operator changes how often a domain can be delivered; the catalogue shows it. Schema, one call, status.
import Type from 'typebox';
import { principalOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { NAME_FORM, PLAIN_CHARACTER } from '../../../platform/http/wire-forms.ts';
import { FREQUENCIES } from '../rhythm/rules.ts';
import { type CapabilityDeps, createCapability } from './create-capability.ts';
import { CAPABILITY_DATE } from './errors.ts';

const fields = {
  domain: Type.String({ ...NAME_FORM, description: 'Id of the domain.' }),
  frequencies: Type.Array(Type.Enum([...FREQUENCIES], { type: 'string' }), {
    minItems: 1,
    maxItems: FREQUENCIES.length,
    uniqueItems: true,
    description: 'All frequencies that its sources allow from then on.',
  }),
  validFrom: Type.String({ format: 'date', description: 'First day of the change: tomorrow at the earliest.' }),
  reason: Type.String({
    minLength: 1,
    maxLength: 500,
    pattern: `^${PLAIN_CHARACTER}+$`,
    description: 'Why it changes.',
  }),
};
const example = {
  domain: 'skole',
  frequencies: ['weekly', 'monthly'],
  validFrom: '2027-08-01',
  reason: 'Kildesystemet leverer ugentligt fra skoleåret 2027/28',
};

export function registerCapabilityRoutes(app: App, deps: CapabilityDeps): void {
  withScope(app, 'operator', (scoped) => {
    scoped.route({
      method: 'POST',
      url: '/v1/capabilities',
      schema: {
        operationId: 'createCapability',
        summary: 'Change how often a domain can be delivered',
        description:
          'From a day on; of two changes for the same day the later one holds. GET /v1/domains shows what holds today and what is planned. Subscriptions that were agreed before go on as agreed.',
        tags: ['Subscriptions'],
        body: Type.Object(fields, { additionalProperties: false, examples: [example] }),
        response: {
          201: Type.Object(fields, { description: 'The change.', examples: [example] }),
          ...errorAnswers(INVALID_REQUEST, CAPABILITY_DATE),
        },
      },
      async handler(request, reply) {
        const { clientId } = principalOf(request);
        const changed = await createCapability(deps, { clientId, requestId: request.id }, request.body as never);
        return reply
          .code(201)
          .header('location', `${request.server.publicOrigin}/v1/domains/${changed.domain}`)
          .send(changed as never);
      },
    });
  });
}
