/**
 * Making and ending an association.
 *
 *   AARQ -> AARE                                  none, LLS
 *   AARQ with CtoS -> AARE with StoC              HLS; the server is not believed yet, nor are we
 *   ACTION reply_to_HLS f(StoC) -> f(CtoS)        passes 3 and 4: each side's proof
 *   RLRQ -> RLRE
 */

import { assert } from '../../../base/assert.ts';
import { type Aare, decodeAare } from '../acse/aare.ts';
import { encodeAarq } from '../acse/aarq.ts';
import { CONFORMANCE_MASK } from '../acse/conformance.ts';
import { diagnosticText } from '../acse/diagnostics.ts';
import { decodeInitiateResponse, encodeInitiateRequest, type InitiateResponse } from '../acse/initiate.ts';
import { encodeRlrq } from '../acse/release.ts';
import { parseObis } from '../data/obis.ts';
import { encodeData } from '../data/data-codec.ts';
import { AxdrReader } from '../data/axdr-reader.ts';
import { DataTag } from '../data/data-tag.ts';
import { FrameCipher } from '../security/cipher.ts';
import { COUNTER_USED_UP } from '../security/counters.ts';
import { type HlsExchange, hlsToken, hlsTokenIsRight, isChallenge, isHlsMechanism } from '../security/hls.ts';
import type { ClientOptions, Exchange, Negotiated } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { DlmsError } from './dlms-error.ts';
