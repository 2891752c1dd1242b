// What can go wrong with deliveries, as users see it.
import { defineProblem } from '../../../platform/http/problem.ts';

export const DELIVERY_NOT_READY = defineProblem({
  code: 'delivery-not-ready',
  status: 409,
  title: 'The delivery is not ready yet',
  action: 'Read the delivery until its state is ready; promisedAt says for when it is promised.',
});

export const DIGESTS_DIFFER = defineProblem({
  code: 'digests-differ',
  status: 409,
  title: 'What you received is not what was delivered',
  action:
    'Fetch the files that the member files names again, compare their sha256 with the manifest, and acknowledge then; the delivery stays open.',
});

export const ACKNOWLEDGED_ALREADY = defineProblem({
  code: 'acknowledged-already',
  status: 409,
  title: 'The delivery was acknowledged by another client',
  action: 'Nothing is to be done: read the receipt with GET /v1/deliveries/{id}.',
});
