/**
 * Association LN (class 15 version 1), 0.0.40.0.e.255. With e = 0 it is the association that asks; others may stand for a
 * client each, and tell what that client has on this connection, or might have.
 */

import { DataAccessResult, ActionResult } from '../apdu/results.ts';
import { DLMS_VERSION } from '../acse/initiate.ts';
import type { ByteWriter } from '../data/byte-writer.ts';
import type { Data } from '../data/data.ts';
import { DataTag } from '../data/data-tag.ts';
import { HLS_GMAC, isHlsMechanism } from '../security/hls.ts';
import type { AssociationFacts, CosemAttribute, CosemObject, PartnerFacts } from './cosem-object.ts';
import { factsOf } from './facts.ts';
import { SECURITY_SETUP } from './security-setup.ts';

const SECRET_BYTES_MAX = 64;
const NOTHING = new Uint8Array(0);

/** `clientSap`: whose association it is; absent: that of whoever asks. */
export function associationObject<D>(e = 0, clientSap?: number): CosemObject<D> {
  const whose = (association: AssociationFacts): number => clientSap ?? association.clientSap;
  const about = (id: number, put: (partner: PartnerFacts, association: AssociationFacts, out: ByteWriter) => void): CosemAttribute<D> => ({
    id,
    read: 'public',
    write: 'never',
    get: (_device, request, out) => {
      const association = factsOf(request);
      const partner = clientSap === undefined ? association : association.partner(clientSap);
      if (partner === null) return DataAccessResult.objectUnavailable;
      put(partner, association, out);
      return DataAccessResult.success;
    },
  });
  return {
    classId: 15,
    version: 1,
    logicalName: Uint8Array.of(0, 0, 40, 0, e, 255),
    attributes: [
      about(2, ({ level }, association, out) => out.put(association.objectList(level))),
      about(3, (partner, _, out) => {
        out.structure(2);
        out.integer(partner.clientSap);
        out.longUnsigned(partner.serverSap);
      }),
      about(4, ({ context }, _, out) => putName(out, 1, context)),
      about(5, (partner, _, out) => putContextInfo(partner, out)),
      about(6, ({ mechanism }, _, out) => putName(out, 2, mechanism)),
      {
        id: 7,
        read: 'never',
        write: 'manager',
        set: (_device, value, request) => {
          const association = factsOf(request);
          return changeSecret(association, whose(association), value, 'either');
        },
      },
      about(8, ({ status }, _, out) => out.enumeration(status)),
      about(9, (_partner, _, out) => out.octetString(SECURITY_SETUP)),
    ],
    methods: [
      // Where a client has to prove itself this is answered before there is an association; later there is nothing to prove.
      { id: 1, access: 'public', invoke: () => ActionResult.readWriteDenied },
      {
        id: 2,
        access: 'manager',
        invoke: (_device, parameter, request) => {
          const association = factsOf(request);
          // The results used here have one number in both lists.
          return changeSecret(association, whose(association), parameter, 'hls');
        },
      },
    ],
  };
}

/**
 * A password where the client has one, a secret of HLS where it has that; keys of GMAC are changed by the security setup.
 * Answers a data-access-result.
 */
function changeSecret(association: AssociationFacts, clientSap: number, value: Data | null, which: 'hls' | 'either'): number {
  if (value?.type !== 'octet-string') return DataAccessResult.typeUnmatched;
  const secret = value.value;
  if (secret.length === 0 || secret.length > SECRET_BYTES_MAX) return DataAccessResult.otherReason;
  const mechanism = association.partner(clientSap)?.mechanism ?? -1;
  const isHash = isHlsMechanism(mechanism) && mechanism !== HLS_GMAC;
  if (which === 'hls' && !isHash) return DataAccessResult.readWriteDenied;
  return association.changeSecret(clientSap, secret, isHash ? 'hls' : 'password') ? DataAccessResult.success : DataAccessResult.readWriteDenied;
}

/** The object identifier 2.16.756.5.8.branch.number, as a structure. */
function putName(out: ByteWriter, branch: number, number: number): void {
  out.structure(7);
  out.unsigned(2);
  out.unsigned(16);
  out.longUnsigned(756);
  out.unsigned(5);
  out.unsigned(8);
  out.unsigned(branch);
  out.unsigned(number);
}

function putContextInfo({ conformance, receiveBytesMax, sendBytesMax }: PartnerFacts, out: ByteWriter): void {
  out.structure(6);
  out.u8(DataTag.bitString);
  out.length(24);
  out.u8(conformance >>> 16);
  out.u16(conformance & 0xffff);
  out.longUnsigned(receiveBytesMax);
  out.longUnsigned(sendBytesMax);
  out.unsigned(DLMS_VERSION);
  out.integer(0);
  out.octetString(NOTHING);
}
