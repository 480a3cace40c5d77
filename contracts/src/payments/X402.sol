// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title X402
/// @notice Where x402's own contracts are on every chain that has them, and where our stand-ins are on a local chain.
library X402 {
    address internal constant SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    address internal constant ERC3009_COLLECTOR = 0x4020806089470a89826cB9fB1f4059150b550004;
}
