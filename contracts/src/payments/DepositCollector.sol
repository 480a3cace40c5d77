// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC3009} from "../tokens/IERC3009.sol";
import {IDepositCollector} from "./IDepositCollector.sol";
import {X402} from "./X402.sol";

/// @title DepositCollector
/// @notice Stands in on local chains for x402's collector of EIP-3009 deposits, at its address: the payer signs, anybody
/// brings the signature, and the money can go nowhere but into the channel that was signed for.
contract DepositCollector is IDepositCollector {
    using SafeERC20 for IERC20;

    /// @inheritdoc IDepositCollector
    address public constant x402BatchSettlement = X402.SETTLEMENT;

    /// @inheritdoc IDepositCollector
    /// @dev The data are validAfter, validBefore, a salt and the signature. The authorization's nonce is made of the
    /// channel and the salt; the tokens pass through here, because only their receiver may submit it.
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata collectorData)
        external
    {
        if (msg.sender != x402BatchSettlement) revert OnlyX402BatchSettlement();
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(collectorData, (uint256, uint256, uint256, bytes));
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        IERC3009(token)
            .receiveWithAuthorization(payer, address(this), amount, validAfter, validBefore, nonce, signature);
        IERC20(token).safeTransfer(msg.sender, amount);
    }
}
