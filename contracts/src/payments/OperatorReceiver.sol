// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {LibClone} from "solady/utils/LibClone.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IBatchSettlement} from "./IBatchSettlement.sol";
import {IOperatorReceiver} from "./IOperatorReceiver.sol";
import {X402} from "./X402.sol";

/// @title OperatorReceiver
/// @notice The one payee of all channels with an operator.
/// @dev Each operator's is a clone whose code ends with the operator's address.
/// What must always hold is written, numbered, in test/payments/invariant/README.md.
contract OperatorReceiver is IOperatorReceiver, ReentrancyGuardTransient {
    /* STORAGE */

    bytes4 internal constant NOT_SIGNED = 0xffffffff;
    uint256 internal constant ADDRESS_LENGTH = 20;

    IRevenueLedger internal immutable _ledger;

    /// @dev Of one token, one slot: what each version got is in the events, and the history proves that they are all.
    struct HandedOn {
        uint128 amount;
        bytes16 history;
    }

    address internal _authorizer;
    mapping(address token => HandedOn) internal _handedOn;

    constructor(IRevenueLedger ledger) {
        _ledger = ledger;
    }

    /* MONEY */

    /// @inheritdoc IOperatorReceiver
    function distribute(
        address token,
        bytes16 history,
        uint256[] calldata versions,
        uint256[] calldata amounts,
        bytes32 receiptsRoot
    ) external nonReentrant {
        if (msg.sender != authorizer() && msg.sender != owner()) {
            revert OperatorReceiver_NotStater(msg.sender);
        }
        if (versions.length != amounts.length) revert OperatorReceiver_LengthsDiffer(versions.length, amounts.length);
        HandedOn storage handedOn = _handedOn[token];
        (uint256 before, bytes16 current) = (handedOn.amount, handedOn.history);
        if (history != current) revert OperatorReceiver_HistoryDiffers(history, current);
        uint256 amount;
        (amount, history) = _sum(history, versions, amounts);
        uint256 waiting = _settledOf(token) - before;
        if (amount > waiting) revert OperatorReceiver_NotSettled(amount, waiting);
        // At most what was settled, which the channels' contract keeps in as many bits.
        (handedOn.amount, handedOn.history) = (uint128(before + amount), history);
        // Spent to the last unit by the next call.
        SafeTransferLib.safeApproveWithRetry(token, address(_ledger), amount);
        _ledger.payMany(token, versions, amounts);
        emit Distributed(token, amount, receiptsRoot);
    }

    /// @inheritdoc IOperatorReceiver
    function rescueToken(address token, address to) external nonReentrant {
        if (msg.sender != owner()) revert OperatorReceiver_NotOwner(msg.sender);
        if (to == address(0) || to == address(this)) revert OperatorReceiver_BadPayee(to);
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        uint256 kept = _settledOf(token) - distributedOf(token);
        if (balance <= kept) revert OperatorReceiver_NothingToRescue(token);
        SafeTransferLib.safeTransfer(token, to, balance - kept);
        emit Rescued(token, to, balance - kept);
    }

    /* SIGNATURES */

    /// @inheritdoc IOperatorReceiver
    function setAuthorizer(address authorizer_) external {
        if (msg.sender != owner()) revert OperatorReceiver_NotOwner(msg.sender);
        _authorizer = authorizer_;
        emit AuthorizerSet(authorizer());
    }

    /// @inheritdoc IOperatorReceiver
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool signed =
            msg.sender == X402.SETTLEMENT && SignatureChecker.isValidSignatureNow(authorizer(), digest, signature);
        return signed ? this.isValidSignature.selector : NOT_SIGNED;
    }

    /* VIEWS */

    /// @inheritdoc IOperatorReceiver
    function owner() public view returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(bytes20(LibClone.argsOnClone(address(this), 0, ADDRESS_LENGTH)));
    }

    /// @inheritdoc IOperatorReceiver
    function authorizer() public view returns (address) {
        address named = _authorizer;
        return named == address(0) ? owner() : named;
    }

    /// @inheritdoc IOperatorReceiver
    function distributedOf(address token) public view returns (uint256) {
        return _handedOn[token].amount;
    }

    /// @inheritdoc IOperatorReceiver
    function historyOf(address token) external view returns (bytes16) {
        return _handedOn[token].history;
    }

    /* INTERNAL */

    /// @return amount Of all payments together.
    /// @return next The history after them.
    function _sum(bytes16 history, uint256[] calldata versions, uint256[] calldata amounts)
        internal
        pure
        returns (uint256 amount, bytes16 next)
    {
        next = history;
        for (uint256 i; i < versions.length; ++i) {
            (uint256 version, uint256 part) = (versions[i], amounts[i]);
            amount += part;
            // bytes16(keccak256(abi.encode(next, version, part))), in the same memory for all.
            assembly ("memory-safe") {
                let free := mload(0x40)
                mstore(free, next)
                mstore(add(free, 0x20), version)
                mstore(add(free, 0x40), part)
                next := shl(128, shr(128, keccak256(free, 0x60)))
            }
        }
    }

    function _settledOf(address token) internal view returns (uint256 settled) {
        (, settled) = IBatchSettlement(X402.SETTLEMENT).receivers(address(this), token);
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
