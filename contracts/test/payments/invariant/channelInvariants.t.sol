// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOperatorReceiver} from "../../../src/payments/IOperatorReceiver.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {PlainToken} from "../../utils/PlainToken.sol";
import {PaymentsTest} from "../PaymentsTest.sol";
import {ChannelHandler} from "./ChannelHandler.sol";

/// @notice The numbers are those of README.md beside this file.
contract ChannelInvariants is PaymentsTest {
    uint256 internal constant CHANNELS = 12;
    uint256 internal constant OPERATORS = 2;
    uint256 internal constant TOKENS = 2;
    uint256 internal constant VERSIONS = 3;

    ChannelHandler internal handler;

    function setUp() public override {
        super.setUp();
        ITestUSD[] memory tokens = new ITestUSD[](TOKENS);
        (tokens[0], tokens[1]) = (token, ITestUSD(address(new PlainToken())));
        uint256[] memory versions = new uint256[](VERSIONS);
        for (uint256 v; v < VERSIONS; ++v) {
            versions[v] = publishFrom(ada, list(), 0);
        }
        handler = new ChannelHandler(ledger, receivers, tokens, versions);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge: the calls that a run is made of.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        string[12] memory signatures = [
            "depositInto(uint256,uint256)",
            "claimSome(uint256,uint256)",
            "claimWrongly(uint256)",
            "settleOne(uint256)",
            "refundSome(uint256,uint256)",
            "initiate(uint256,uint256)",
            "finalize(uint256)",
            "distributeSome(uint256)",
            "rotate(uint256)",
            "donate(uint256,uint32)",
            "rescue(uint256)",
            "passTime(uint256)"
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(handler), selectors: new bytes4[](signatures.length)});
        for (uint256 i; i < signatures.length; ++i) {
            targets[0].selectors[i] = bytes4(keccak256(bytes(signatures[i])));
        }
    }

    /// @dev Read by forge: nothing but the handler is called.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /* AFTER EVERY CALL */

    function invariant_ChannelsHoldWhatTheySayAndReceiversHandItOn() external view {
        checkChannel(handler.last());
        uint256 turn = uint256(handler.ids(handler.last()) ^ bytes32(block.timestamp));
        checkMoney(turn % TOKENS);
        checkReceiver((turn >> 8) % OPERATORS, (turn >> 16) % TOKENS);
    }

    function checkChannel(uint256 k) internal view {
        uint256 balance = handler.balance(k);
        uint256 claimed = handler.claimed(k);
        assertTrue(claimed <= balance, "C1: claimed");
        assertEq(balance + handler.givenBack(k), handler.deposited(k), "C1: deposited");
    }

    function checkMoney(uint256 t) internal view {
        ITestUSD token_ = handler.tokens(t);
        uint256 unclaimed;
        uint256 deposited;
        uint256 givenBack;
        for (uint256 k = t * CHANNELS / TOKENS; k < (t + 1) * CHANNELS / TOKENS; ++k) {
            unclaimed += handler.balance(k) - handler.claimed(k);
            deposited += handler.deposited(k);
            givenBack += handler.givenBack(k);
        }
        uint256 unsettled;
        uint256 settled;
        for (uint256 o; o < OPERATORS; ++o) {
            address to = address(handler.theirs(o));
            (uint256 total, uint256 paid) = settlement.receivers(to, address(token_));
            assertEq(paid, handler.settled(to, address(token_)), "C3: settled");
            unsettled += total - paid;
            settled += paid;
        }
        uint256 gifts = handler.donated(SETTLEMENT, address(token_));
        assertEq(token_.balanceOf(SETTLEMENT), unclaimed + unsettled + gifts, "C2: balance");
        assertEq(deposited, settled + unsettled + givenBack + unclaimed, "C3: deposited");
    }

    function checkReceiver(uint256 o, uint256 t) internal view {
        IOperatorReceiver to = handler.theirs(o);
        address token_ = address(handler.tokens(t));
        uint256 handedOn = to.distributedOf(token_);
        uint256 waiting = handler.settled(address(to), token_) - handedOn;
        uint256 gifts = handler.donated(address(to), token_);
        assertEq(ITestUSD(token_).balanceOf(address(to)), waiting + gifts, "C7: held");
        uint256 stated;
        for (uint256 v; v < VERSIONS; ++v) {
            stated += handler.stated(address(to), token_, handler.versions(v));
        }
        assertEq(stated, handedOn, "C7: handed on");
        assertTrue(to.historyOf(token_) == handler.histories(address(to), token_), "C7: history");
    }

    /* AT THE END OF EVERY RUN */

    function afterInvariant() external {
        checkAll();
        handler.settleAll();
        checkAll();
        checkWork();
        for (uint256 t; t < TOKENS; ++t) {
            ITestUSD token_ = handler.tokens(t);
            assertEq(token_.balanceOf(SETTLEMENT), handler.donated(SETTLEMENT, address(token_)), "C8: all is out");
            for (uint256 o; o < OPERATORS; ++o) {
                address to = address(handler.theirs(o));
                assertEq(token_.balanceOf(to), handler.donated(to, address(token_)), "C8: all is handed on");
            }
            checkSales(address(token_));
        }
    }

    function checkAll() internal view {
        for (uint256 k; k < CHANNELS; ++k) {
            checkChannel(k);
        }
        for (uint256 t; t < TOKENS; ++t) {
            checkMoney(t);
            for (uint256 o; o < OPERATORS; ++o) {
                checkReceiver(o, t);
            }
        }
    }

    /// @dev Nobody else pays these versions.
    function checkSales(address token_) internal view {
        for (uint256 v; v < VERSIONS; ++v) {
            uint256 version = handler.versions(v);
            (uint256 sales,,,) = ledger.accountOf(version, token_);
            uint256 stated;
            for (uint256 o; o < OPERATORS; ++o) {
                stated += handler.stated(address(handler.theirs(o)), token_, version);
            }
            assertEq(sales, stated, "C7: sales");
        }
    }

    function checkWork() internal view {
        string[18] memory actions = [
            "deposit",
            "claim",
            "ceiling",
            "balance",
            "signer",
            "former key",
            "settle",
            "refund",
            "initiate",
            "finalize",
            "distribute",
            "too much",
            "again",
            "nothing",
            "a stranger",
            "rotate",
            "donate",
            "rescue"
        ];
        for (uint256 i; i < actions.length; ++i) {
            assertTrue(handler.done(actions[i]) > 0, string.concat("C9: never did ", actions[i]));
        }
    }
}
